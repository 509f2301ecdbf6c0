// Examples as they are stored, a hundred at a time. A service that has no pictures of them shows none.
import { useState } from 'preact/hooks';
import type { Dataset } from '../../api/types.js';
import { addressOf } from '../../lib/base.js';
import * as codecs from '../../lib/codecs.js';
import { count } from '../../lib/format.js';
import { setQuery, useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Segments } from '../../ui/field.js';
import { Card } from '../../ui/surfaces.js';
import { PICTURES, pictureQuery } from './dataset-words.js';

const SPLIT = codecs.choice(['train', 'test']);
const FROM = codecs.number(0, { least: 0, whole: true });
/** In a row of the service's picture. */
const COLUMNS = 10;

export function Preview({ dataset: { name, inputShape, trainCount, testCount } }: { dataset: Dataset }) {
  const [asked] = useUrlState('split', SPLIT);
  const [from, setFrom] = useUrlState('from', FROM);
  const [isWithout, setWithout] = useState(false);
  const split = testCount === 0 ? 'train' : asked;
  const total = split === 'train' ? trainCount : testCount;
  const first = Math.min(from, Math.floor(Math.max(0, total - 1) / PICTURES) * PICTURES);
  const many = Math.min(PICTURES, total - first);
  if (isWithout || total === 0) return null;
  const [height = 1, width = 1] = inputShape;
  const about = `Examples ${count(first)} to ${count(first + many - 1)} of ${count(total)}`;
  return (
    <Card title="Examples" actions={testCount > 0 && <Segments label="Split" value={split} onChange={(next) => setQuery({ split: next === 'train' ? null : next, from: null })} options={[{ value: 'train', label: 'Train' }, { value: 'test', label: 'Test' }]} />}>
      <img
        key={split} class="preview" src={addressOf(`v1/datasets/${encodeURIComponent(name)}/images?${pictureQuery(split, first, many)}`)} alt={`${about}, ${COLUMNS} in a row`}
        width={width * COLUMNS * 2} height={height * Math.ceil(many / COLUMNS) * 2} onError={() => setWithout(true)}
      />
      <div class="preview-bar">
        <Button quiet why={first === 0 ? 'These are the first.' : null} onClick={() => setFrom(Math.max(0, first - PICTURES))}>Earlier</Button>
        <span class="small muted" role="status">{about}</span>
        <Button quiet why={first + PICTURES >= total ? 'These are the last.' : null} onClick={() => setFrom(first + PICTURES)}>Later</Button>
      </div>
    </Card>
  );
}
