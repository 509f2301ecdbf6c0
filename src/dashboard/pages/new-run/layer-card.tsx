// One layer of the list: a line that tells what it is and what comes out of it; opened, its fields.
import type { Plan } from '../../api/types.js';
import { count, several } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { saidOf, useEditor } from './editor.js';
import { lineOf, retyped, shapeWords, type LayerSpec } from './layers.js';
import { Said } from './frame.js';
import { schemaNamed, schemas } from './run-spec-schemas.js';
import { variantsOf } from './schema.js';
import { SpecFields } from './spec-fields.js';

export const LAYER_TYPES: readonly string[] = variantsOf(schemaNamed('Layer')).map(({ type }) => type);

export interface LayerCardProps {
  layer: LayerSpec;
  at: number;
  of: number;
  planned: Plan['layers'][number] | null;
  open: boolean;
  onOpen(open: boolean): void;
  onMove(to: number): void;
  onRemove(): void;
  onCopy(): void;
  onGrab(event: PointerEvent): void;
}

export function LayerCard({ layer, at, of, planned, open, onOpen, onMove, onRemove, onCopy, onGrab }: LayerCardProps) {
  const editor = useEditor();
  const type = String(layer.type ?? '');
  const pointer = `/model/layers/${at}`;
  const name = `${type}, layer ${at + 1} of ${of}`;
  const wrong = saidOf(editor, pointer).some(({ isProblem }) => isProblem);
  const schema = variantsOf(schemaNamed('Layer')).find((variant) => variant.type === type)?.schema;
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: of - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onMove(Math.max(0, Math.min(of - 1, to)));
  };
  return (
    <div class="layer" data-wrong={wrong || undefined} data-open={open || undefined} data-pointer={pointer}>
      <div class="layer-line">
        <button type="button" class="layer-handle" aria-label={`Move ${name}: arrow keys, or drag`} title="Drag, or use the arrow keys" onPointerDown={onGrab} onKeyDown={onKey}>
          <svg viewBox="0 0 10 16" width="10" height="16" aria-hidden="true"><path d="M2 3h1M7 3h1M2 8h1M7 8h1M2 13h1M7 13h1" stroke="currentColor" stroke-width="2" stroke-linecap="round" /></svg>
        </button>
        <button type="button" class="layer-name" aria-expanded={open} onClick={() => onOpen(!open)}>
          <b>{type}</b> <span>{lineOf(layer)}</span>
        </button>
        <span class="layer-out" title="What comes out of it for one example, and its weights">
          <b>{shapeWords(planned?.outputShape)}</b>
          <span>{planned === null ? '' : planned.parameterCount === 0 ? 'no weights' : several(planned.parameterCount, 'weight')}</span>
        </span>
        <span class="layer-buttons">
          <Button quiet label={`Move ${name} up`} title="Up" why={at === 0 ? 'It is the first.' : null} onClick={() => onMove(at - 1)}>↑</Button>
          <Button quiet label={`Move ${name} down`} title="Down" why={at === of - 1 ? 'It is the last.' : null} onClick={() => onMove(at + 1)}>↓</Button>
          <Button quiet label={`Remove ${name}`} title="Remove" onClick={onRemove}>✕</Button>
        </span>
      </div>
      {open ? (
        <div class="layer-body">
          <div class="layer-type">
            <label class="field"><span class="field-label">Type</span>
              <select class="input" value={type} onChange={({ currentTarget }) => editor.set(pointer, retyped(schemas, layer, currentTarget.value))}>
                {(LAYER_TYPES.includes(type) ? LAYER_TYPES : [...LAYER_TYPES, type]).map((one) => <option key={one} value={one}>{one}</option>)}
              </select>
            </label>
            <Button quiet onClick={onCopy} label={`Copy ${name}`}>Copy this layer</Button>
          </div>
          {schema === undefined ? <Said pointer={pointer} /> : <SpecFields key={type} schema={schema} pointer={pointer} type={type} />}
          {planned !== null && planned.weights.length > 0 && <p class="muted small layer-weights">{planned.weights.map((weight) => `${weight.name} ${weight.shape.join(' × ')}${weight.trainable ? '' : ' (moving average)'}`).join(', ')}; about {count(planned.flops)} operations for an example.</p>}
        </div>
      ) : <Said pointer={pointer} />}
    </div>
  );
}
