// What each layer makes of the picture, from the first to the answer.
import { count, several } from '../../lib/format.js';
import { strongest } from './maps.js';
import type { LayerInfo, Planes } from './messages.js';
import { PlanesView } from './planes-view.js';
import { UnitsView } from './units-view.js';

const MAP_SIZE = 56;

/** `activations` by layer; null before there is a picture. */
export function Layers({ layers, activations }: { layers: readonly LayerInfo[]; activations: readonly Float32Array[] | null }) {
  return (
    <ol class="try-layers">
      {layers.map((layer, at) => (
        <li key={layer.name}>
          <div>
            <h3>{layer.name}</h3>
            <p class="muted small">{layer.type}</p>
            <p class="muted small">{layer.outputShape.join(' × ')}{layer.parameterCount > 0 && ` · ${several(layer.parameterCount, 'weight')}`}</p>
          </div>
          <div><Activation layer={layer} values={activations?.[at] ?? emptyOf(layer)} /></div>
        </li>
      ))}
    </ol>
  );
}

function Activation({ layer: { name, outputShape }, values }: { layer: LayerInfo; values: Float32Array }) {
  if (outputShape.length !== 3) return <UnitsView values={values} label={`${name}: ${unitsInWords(values)}`} />;
  const [height = 1, width = 1, maps = 1] = outputShape;
  const planes: Planes = { height, width, count: maps, values };
  const most = strongest(planes);
  return <PlanesView planes={planes} size={MAP_SIZE} label={`${name}: ${several(maps, 'map')} of ${height} × ${width}${most === null ? '' : `, the strongest is map ${count(most)}`}`} />;
}

function unitsInWords(values: Float32Array): string {
  const active = values.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  return `${several(values.length, 'unit')}, of which ${count(active)} are active`;
}

const empties = new WeakMap<LayerInfo, Float32Array>();
/** The same each time, so that it is painted once. */
function emptyOf(layer: LayerInfo): Float32Array {
  const known = empties.get(layer);
  if (known !== undefined) return known;
  const zeros = new Float32Array(layer.outputShape.reduce((product, size) => product * size, 1));
  empties.set(layer, zeros);
  return zeros;
}
