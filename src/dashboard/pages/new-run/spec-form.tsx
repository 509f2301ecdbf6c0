// The spec as a form, its parts in the order in which one thinks of them.
import type { Plan } from '../../api/types.js';
import { Card } from '../../ui/surfaces.js';
import { LayerList } from './layer-list.js';
import { schemaNamed } from './run-spec-schemas.js';
import { SpecFields } from './spec-fields.js';

const SPEC = schemaNamed('RunSpec');

export function SpecForm({ plan }: { plan: Plan | null }) {
  return (
    <div class="spec-form">
      <Card title="Run">
        <div class="flat">
          <SpecFields schema={SPEC} pointer="" only={['name', 'tags']} />
          <SpecFields schema={schemaNamed('DatasetSpec')} pointer="/dataset" />
        </div>
      </Card>
      <Card title="Layers"><LayerList plan={plan} /></Card>
      <Card title="Training">
        <SpecFields schema={schemaNamed('FitSpec')} pointer="/fit" />
        <SpecFields schema={SPEC} pointer="" only={['optimizer', 'schedule', 'loss', 'callbacks', 'metrics']} />
      </Card>
      <Card title="Where and when">
        <div class="flat">
          <SpecFields schema={SPEC} pointer="" only={['priority']} />
          <SpecFields schema={schemaNamed('ResourcesSpec')} pointer="/resources" only={['device', 'gpus', 'memoryMiB', 'maxRuntimeSeconds', 'exclusive']} />
          <SpecFields schema={SPEC} pointer="" only={['engine']} />
          <SpecFields schema={schemaNamed('ResourcesSpec')} pointer="/resources" only={['backend']} />
        </div>
        <details class="more"><summary>When training states are kept</summary><SpecFields schema={schemaNamed('CheckpointSpec')} pointer="/checkpoints" /></details>
      </Card>
    </div>
  );
}
