// The layers from input to output, as cards that one adds, opens, moves and removes.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { several } from '../../lib/format.js';
import type { Plan } from '../../api/types.js';
import { Button } from '../../ui/button.js';
import { useEditor } from './editor.js';
import { Said } from './frame.js';
import { LAYER_TYPES, LayerCard } from './layer-card.js';
import { isTopology, layersOf, moved, plannedOf, retyped, shapeWords, type LayerSpec } from './layers.js';
import { schemas } from './run-spec-schemas.js';
import { useDrag } from './use-drag.js';
import './layers.css';

let next = 0;
const newId = () => (next += 1);

export function LayerList({ plan }: { plan: Plan | null }) {
  const editor = useEditor();
  const layers = layersOf(editor.spec);
  const [type, setType] = useState('dense');
  const [openId, setOpenId] = useState<number | null>(null);
  const [told, setTold] = useState('');
  const list = useRef<HTMLOListElement>(null);
  // Cards keep who they are while they move; layers that came by the text are new ones.
  const ids = useRef<number[]>([]);
  if (layers !== null && ids.current.length !== layers.length) ids.current = layers.map(newId);
  const change = (layersNow: readonly LayerSpec[], idsNow: number[], words: string) => {
    ids.current = idsNow;
    setTold(words);
    editor.set('/model/layers', layersNow);
  };
  const move = (from: number, to: number) => {
    if (layers === null || from === to || to < 0 || to >= layers.length) return;
    change(moved(layers, from, to), moved(ids.current, from, to), `${String(layers[from]?.type)} is now layer ${to + 1} of ${layers.length}`);
  };
  const { drag, grab } = useDrag(list, move);
  const adding = useRef<HTMLDivElement>(null);
  /** Where one was removed: the focus would be lost with it. */
  const gap = useRef<number | null>(null);
  useLayoutEffect(() => {
    const cards = list.current?.querySelectorAll<HTMLElement>('.layer-name');
    if (gap.current !== null) (cards?.[Math.min(gap.current, cards.length - 1)] ?? adding.current?.querySelector('button'))?.focus();
    gap.current = null;
  }, [layers?.length]);
  if (layers === null) return isTopology(editor.spec) ? <Topology plan={plan} /> : <Damaged />;

  const planned = plannedOf(layers.length, plan);
  const openAt = openId === null ? -1 : ids.current.indexOf(openId);
  // Most of what is added is hidden: it comes before the output, unless one is looking at another place.
  const place = openAt >= 0 ? openAt + 1 : Math.max(0, layers.length - 1);
  const put = (layer: LayerSpec, at: number) => {
    const id = newId();
    setOpenId(id);
    change(layers.toSpliced(at, 0, layer), ids.current.toSpliced(at, 0, id), `${String(layer.type)} is new, layer ${at + 1} of ${layers.length + 1}`);
  };
  const remove = (at: number) => {
    gap.current = at;
    change(layers.toSpliced(at, 1), ids.current.toSpliced(at, 1), `${String(layers[at]?.type)} is removed`);
  };
  return (
    <>
      <ol class="layers" ref={list}>
        {layers.map((layer, at) => {
          const id = ids.current[at]!;
          return (
            <li key={id} data-gap={drag !== null && drag.gap === at && drag.by !== 0 ? 'before' : drag !== null && drag.gap === layers.length && at === layers.length - 1 ? 'after' : undefined} data-dragged={drag?.from === at || undefined} style={{ transform: drag?.from === at ? `translateY(${drag.by}px)` : 'none' }}>
              <LayerCard
                layer={layer} at={at} of={layers.length} planned={planned[at] ?? null} open={id === openId} onOpen={(open) => setOpenId(open ? id : null)} onMove={(to) => move(at, to)} onGrab={(event) => grab(event, at)}
                onRemove={() => remove(at)} onCopy={() => put({ ...layer, ...('name' in layer ? { name: `${String(layer.name)}-copy` } : {}) }, at + 1)}
              />
            </li>
          );
        })}
      </ol>
      {layers.length === 0 && <p class="muted small">No layer yet. A model begins with what the data are, and ends with one number for each class.</p>}
      <div class="layer-add" ref={adding}>
        <label class="field"><span class="hidden-text">Type of the new layer</span>
          <select class="input" value={type} onChange={({ currentTarget }) => setType(currentTarget.value)}>{LAYER_TYPES.map((one) => <option key={one} value={one}>{one}</option>)}</select>
        </label>
        <Button onClick={() => put(retyped(schemas, {}, type), place)}>Add layer</Button>
        <span class="muted small">{layers.length === 0 ? '' : place === 0 ? 'before the first' : `after layer ${place}, ${String(layers[place - 1]?.type)}`}</span>
      </div>
      <Said pointer="/model" parts={['layers']} />
      {layers.length > 0 && <Said pointer="/model/layers" parts={layers.map((_, at) => String(at))} />}
      <p class="hidden-text" role="status">{told}</p>
    </>
  );
}

function Damaged() {
  return (
    <>
      <p class="muted small">These are no layers that could be shown as cards. The JSON view has them as they are.</p>
      <Said pointer="/model" />
    </>
  );
}

function Topology({ plan }: { plan: Plan | null }) {
  const layers = plan?.layers ?? [];
  return (
    <>
      <p class="muted small">This model is a topology, as Keras or TF.js wrote it. The JSON view has it whole{layers.length === 0 ? '.' : `; it comes to ${several(layers.length, 'layer')}:`}</p>
      <ol class="layers">
        {layers.map(({ name, type, outputShape, parameterCount }) => (
          <li key={name}>
            <div class="layer layer-read">
              <span class="layer-name"><b>{type}</b> <span>{name}</span></span>
              <span class="layer-out"><b>{shapeWords(outputShape)}</b><span>{parameterCount === 0 ? 'no weights' : several(parameterCount, 'weight')}</span></span>
            </div>
          </li>
        ))}
      </ol>
      <Said pointer="/model" />
    </>
  );
}
