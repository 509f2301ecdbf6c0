// A training state as one file in the safetensors format (https://github.com/huggingface/safetensors#format): eight
// bytes of header length, a JSON header with the place of each tensor, the tensors. The tensors are named
// `weights/…`, `optimizer/…` and `best/<number of the callback>/…`; what is not a tensor is in the header's metadata.
import { CheckpointFileError, HEADER_LENGTH_BYTES, readSafetensors, tensorsBelow, TYPES } from '../portable/safetensors.js';
import type { EngineState, StoredTensor } from './engines/engine.js';
import type { CallbackState, TrainState } from './train-state.js';

const FORMAT = '1';

/** The state without its tensors. */
type Rest = Omit<TrainState, 'engine' | 'callbacks'> & { step: number; callbacks: Omit<CallbackState, 'stoppers'> & { stoppers: { state: CallbackState['stoppers'][number]['state']; hasWeights: boolean }[] } };

// JSON has no NaN and no infinities; no text of a state reads like them.
const ODD = new Set(['NaN', 'Infinity', '-Infinity']);
const toJson = (value: unknown): string => JSON.stringify(value, (_, one: unknown) => (typeof one === 'number' && !Number.isFinite(one) ? String(one) : one));
const fromJson = (text: string): unknown => JSON.parse(text, (_, one: unknown) => (typeof one === 'string' && ODD.has(one) ? Number(one) : one));

function named(prefix: string, tensors: readonly StoredTensor[]): StoredTensor[] {
  return tensors.map((tensor) => ({ ...tensor, name: `${prefix}/${tensor.name}` }));
}

/** The bytes of the file, in pieces that share memory with the state. */
export function encodeCheckpoint({ engine, callbacks, ...rest }: TrainState): Uint8Array[] {
  const best = callbacks.stoppers.flatMap(({ weights }, i) => (weights === null ? [] : named(`best/${i}`, weights)));
  const tensors = [...named('weights', engine.weights), ...named('optimizer', engine.optimizer), ...best];
  const state: Rest = { ...rest, step: engine.step, callbacks: { ...callbacks, stoppers: callbacks.stoppers.map((stopper) => ({ state: stopper.state, hasWeights: stopper.weights !== null })) } };
  const header: Record<string, unknown> = { __metadata__: { format: 'trainyard', version: FORMAT, state: toJson(state) } };
  let offset = 0;
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype: TYPES[dtype], shape, data_offsets: [offset, (offset += data.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // Spaces up to a multiple of eight, so that readers may map the tensors as they lie.
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(HEADER_LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return [length, padded, ...tensors.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/** @throws CheckpointFileError */
export function decodeCheckpoint(bytes: Uint8Array): TrainState {
  const file = readSafetensors(bytes);
  const { metadata } = file;
  if (metadata.format !== 'trainyard' || metadata.version !== FORMAT) throw new CheckpointFileError('the file is no checkpoint of this version');
  const below = (folder: string): StoredTensor[] => tensorsBelow(file, folder);
  const { step, callbacks, ...rest } = fromJson(metadata.state ?? 'null') as Rest;
  const engine: EngineState = { weights: below('weights'), optimizer: below('optimizer'), step };
  const stoppers = callbacks.stoppers.map(({ state, hasWeights }, i) => ({ state, weights: hasWeights ? below(`best/${i}`) : null }));
  return { ...rest, engine, callbacks: { ...callbacks, stoppers } };
}
