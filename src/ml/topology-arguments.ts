// Arguments of a topology's layers that are objects or names of their own: activations, initializers,
// regularizers, in the forms of Keras 2, Keras 3 and TF.js.
import { ACTIVATIONS, type Initializer, type Regularizer } from '../schemas/layers.js';
import { isConfig, type Config, type ConfigReader } from './topology-config.js';

type Activation = (typeof ACTIVATIONS)[number];
type InitializerObject = Exclude<Initializer, string>;

const ACTIVATION_NAMES: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ...ACTIVATIONS.map((name) => [name, name] as const),
  ['hard_sigmoid', 'hardSigmoid'],
  ['silu', 'swish'],
]);

export function activation(reader: ConfigReader, key = 'activation'): Activation | undefined {
  const value = reader.take(key);
  if (value === undefined) return undefined;
  const name = typeof value === 'string' ? value : isConfig(value) && typeof value['class_name'] === 'string' ? value['class_name'] : '';
  const known = typeof value === 'string' ? ACTIVATION_NAMES.get(name) : undefined;
  if (known === undefined) return reader.fault(key, `the activation ${JSON.stringify(name)} is not supported: known are ${ACTIVATIONS.join(', ')}`);
  if (known === 'hardSigmoid' && reader.dialect === 'keras3') {
    return reader.fault(key, "Keras 3's hard_sigmoid has another slope (1/6) than the one here (0.2)");
  }
  return known;
}

const INITIALIZER_TYPES: Readonly<Record<string, InitializerObject['type']>> = {
  zeros: 'zeros', ones: 'ones', constant: 'constant', identity: 'identity', orthogonal: 'orthogonal',
  randomnormal: 'randomNormal', randomuniform: 'randomUniform', truncatednormal: 'truncatedNormal', variancescaling: 'varianceScaling',
  glorotnormal: 'glorotNormal', glorotuniform: 'glorotUniform', henormal: 'heNormal', heuniform: 'heUniform',
  lecunnormal: 'leCunNormal', lecununiform: 'leCunUniform',
};

/** Keras' names of an initializer's arguments, and what may stand there. */
const INITIALIZER_ARGUMENTS: Readonly<Record<InitializerObject['type'], readonly string[]>> = {
  zeros: [], ones: [], constant: ['value'], identity: ['gain'], orthogonal: ['gain', 'seed'],
  randomNormal: ['mean', 'stddev', 'seed'], truncatedNormal: ['mean', 'stddev', 'seed'], randomUniform: ['minval', 'maxval', 'seed'],
  varianceScaling: ['scale', 'mode', 'distribution', 'seed'],
  glorotNormal: ['seed'], glorotUniform: ['seed'], heNormal: ['seed'], heUniform: ['seed'], leCunNormal: ['seed'], leCunUniform: ['seed'],
};

/** Keras' "normal" has been a truncated one since 2.2; that of TF.js as well. */
const WORDS: ReadonlyMap<unknown, string> = new Map([
  ['fan_in', 'fanIn'], ['fan_out', 'fanOut'], ['fan_avg', 'fanAvg'], ['fanIn', 'fanIn'], ['fanOut', 'fanOut'], ['fanAvg', 'fanAvg'],
  ['normal', 'truncatedNormal'], ['truncated_normal', 'truncatedNormal'], ['truncatedNormal', 'truncatedNormal'], ['uniform', 'uniform'],
]);

export function initializer(reader: ConfigReader, key: string): Initializer | undefined {
  const value = reader.take(key);
  if (value === undefined) return undefined;
  const named = namedObject(value);
  const type = named === null ? undefined : INITIALIZER_TYPES[named.name.toLowerCase().replaceAll('_', '').replace(/initializer(v2)?$/, '')];
  if (named === null || type === undefined) return reader.fault(key, `the initializer ${JSON.stringify(named?.name ?? value)} is not supported`);
  const built: Record<string, unknown> = { type };
  for (const [argument, given] of Object.entries(named.config)) {
    if (given === null || argument === 'dtype') continue;
    if (!INITIALIZER_ARGUMENTS[type].includes(argument)) {
      reader.fault(key, `the initializer's argument "${argument}" is not supported`);
    } else if (argument === 'mode' || argument === 'distribution') {
      built[argument] = WORDS.get(given);
      if (WORDS.get(given) === undefined) reader.fault(key, `the initializer's ${argument} ${JSON.stringify(given)} is not supported`);
    } else if (typeof given !== 'number' || !Number.isFinite(given)) {
      reader.fault(key, `the initializer's ${argument} must be a number`);
    } else {
      built[argument] = given;
    }
  }
  if (type === 'constant') built['value'] ??= 0;
  // The keys and value types above are those of the schema's variant of this type.
  return (Object.keys(built).length === 1 ? type : built) as Initializer;
}

export function regularizer(reader: ConfigReader, key: string): Regularizer | undefined {
  const value = reader.take(key);
  if (value === undefined) return undefined;
  const named = namedObject(value);
  const name = named?.name.toLowerCase().replace('_', '');
  if (named === null || name === undefined || !['l1', 'l2', 'l1l2'].includes(name)) {
    return reader.fault(key, `the regularizer ${JSON.stringify(named?.name ?? value)} is not supported: known are L1, L2, L1L2`);
  }
  const built: Regularizer = {};
  for (const [argument, given] of Object.entries(named.config)) {
    if (given === null || (typeof given === 'boolean' && argument.startsWith('has'))) continue;
    if ((argument !== 'l1' && argument !== 'l2') || typeof given !== 'number' || !(given >= 0)) {
      reader.fault(key, `the regularizer's argument "${argument}" is not supported with this value`);
    } else if (given > 0) {
      built[argument] = given;
    }
  }
  // Keras' default factor, when only the name is given.
  if (typeof value === 'string') for (const factor of ['l1', 'l2'] as const) if (name.includes(factor)) built[factor] = 0.01;
  return Object.keys(built).length === 0 ? undefined : built;
}

/** `"he_normal"`, `{class_name, config}`, or Keras 3's form of it with `module` and `registered_name`. */
function namedObject(value: unknown): { name: string; config: Config } | null {
  if (typeof value === 'string') return { name: value, config: {} };
  if (!isConfig(value) || typeof value['class_name'] !== 'string') return null;
  return { name: value['class_name'], config: isConfig(value['config']) ? value['config'] : {} };
}
