// What a run said: by level, by text, as it comes, or as a file.
import { useMemo, useState } from 'preact/hooks';
import { useAction } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import * as codecs from '../../../lib/codecs.js';
import { count, several } from '../../../lib/format.js';
import { useUrlState } from '../../../lib/router.js';
import type { RunRecord } from '../../../live/run-record.js';
import { Button } from '../../../ui/button.js';
import { Select, TextField } from '../../../ui/field.js';
import { Card, ErrorNote, Loading } from '../../../ui/surfaces.js';
import { downloadLog } from './download-log.js';
import { filterLines, LEVELS, type Level } from './log-lines.js';
import { LogView } from './log-view.js';
import { useLog } from './use-log.js';

const LEVEL = codecs.choice(LEVELS);
const QUERY = codecs.text();
const NAMES: Record<Level, string> = { debug: 'All levels', info: 'Info and above', warn: 'Warnings and above', error: 'Errors' };

export function RunLog({ run, record }: { run: Run; record: RunRecord }) {
  const [least, setLeast] = useUrlState('level', LEVEL);
  const [query, setQuery] = useUrlState('log-find', QUERY);
  const [follow, setFollow] = useState(true);
  const { lines, error, reload } = useLog(run, record);
  const download = useAction(() => downloadLog(run));
  const shown = useMemo(() => filterLines(lines ?? [], { least, query }), [lines, least, query]);
  return (
    <Card title="Log" actions={<span class="muted small" role="status">{lines === undefined ? '' : shown.length === lines.length ? several(lines.length, 'line') : `${count(shown.length)} of ${several(lines.length, 'line')}`}</span>}>
      <div class="log-bar">
        <TextField label="Find in the log" hideLabel type="search" placeholder="Find in the log" value={query} onInput={setQuery} />
        <Select label="Level" hideLabel value={least} onChange={setLeast} options={LEVELS.map((value) => ({ value, label: NAMES[value] }))} />
        <Button quiet pressed={follow} onClick={() => setFollow(!follow)} title="Keep the newest line in sight">Follow</Button>
        <Button quiet busy={download.busy} onClick={() => download.run()}>Download</Button>
      </div>
      <ErrorNote error={error} title="The log could not be read." onRetry={reload} />
      <ErrorNote error={download.error} title="The log could not be downloaded." />
      {lines === undefined ? error === undefined && <Loading lines={6} label="Loading the log" />
        : shown.length === 0 ? <p class="log-none muted small">{lines.length === 0 ? 'It has said nothing yet.' : 'No line is like that.'}</p>
        : <LogView lines={shown} query={query} follow={follow} onFollow={setFollow} />}
    </Card>
  );
}
