// Which layers each layer of a model reads. A list of layers is a chain; a topology of Keras or TF.js says it, in either
// of two dialects, which have in common that a reference is an array of a layer's name and two numbers.

export interface ModelSpec {
  layers?: unknown;
  topology?: unknown;
}

/** By name; `names` are those of the built model, in order. What cannot be read counts as a chain. */
export function inputsOf(names: readonly string[], model: ModelSpec): ReadonlyMap<string, readonly string[]> {
  const chain = new Map(names.map((name, at) => [name, at === 0 ? [] : [names[at - 1]!]]));
  if (model.topology === undefined) return chain;
  const entries = new Map(layersOf(model.topology).map((layer) => [nameOf(layer), layer]));
  const known = new Set(names);
  const read = names.map((name) => [name, referencesIn(entries.get(name)?.inbound_nodes, known)] as const);
  // Sequential models have no references at all.
  return read.some(([, inputs]) => inputs.length > 0) ? new Map(read) : chain;
}

type Config = Readonly<Record<string, unknown>>;
const isConfig = (value: unknown): value is Config => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `model_config` and `modelTopology` wrap the model, which is `{class_name, config: {layers}}`. */
function layersOf(topology: unknown, depth = 0): Config[] {
  if (!isConfig(topology) || depth > 4) return [];
  if (Array.isArray(topology.layers)) return topology.layers.filter(isConfig);
  return ['modelTopology', 'model_config', 'config'].map((key) => layersOf(topology[key], depth + 1)).find((layers) => layers.length > 0) ?? [];
}

const nameOf = (layer: Config): string => String(layer.name ?? (isConfig(layer.config) ? layer.config.name : ''));

function referencesIn(value: unknown, known: ReadonlySet<string>): string[] {
  if (Array.isArray(value)) {
    const [name, node, tensor] = value as unknown[];
    if (typeof name === 'string' && typeof node === 'number' && typeof tensor === 'number') return known.has(name) ? [name] : [];
    return value.flatMap((one) => referencesIn(one, known));
  }
  return isConfig(value) ? Object.values(value).flatMap((one) => referencesIn(one, known)) : [];
}
