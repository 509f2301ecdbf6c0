// The safetensors format (https://github.com/huggingface/safetensors#format): eight bytes of header length, a JSON
// header with the place of each tensor, the tensors. Reading it; src/ml/checkpoint-file.ts writes it.

export const HEADER_LENGTH_BYTES = 8;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
export const TYPES = { float32: 'F32', int32: 'I32' } as const;

/** Why a file is no checkpoint of ours. */
export class CheckpointFileError extends Error {
  override readonly name = 'CheckpointFileError';
}

export interface NamedTensor {
  name: string;
  shape: readonly number[];
  dtype: 'float32' | 'int32';
  data: Float32Array | Int32Array;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

export interface Safetensors {
  metadata: Readonly<Record<string, string>>;
  names: readonly string[];
  /** A copy. @throws CheckpointFileError */
  tensor(name: string): NamedTensor;
}

/** @throws CheckpointFileError */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { header, data } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header as { __metadata__?: Record<string, string> } & Record<string, Entry>;
  const places = new Map(Object.entries(entries as Record<string, Entry>));
  const tensor = (name: string) => {
    const entry = places.get(name);
    if (entry === undefined) throw new CheckpointFileError(`${name} is missing`);
    return readTensor(name, entry, data);
  };
  return { metadata, names: [...places.keys()], tensor };
}

/** Of a folder of names, such as `weights`; their names below it. @throws CheckpointFileError */
export function tensorsBelow({ names, tensor }: Safetensors, folder: string): NamedTensor[] {
  const inside = names.filter((name) => name.startsWith(`${folder}/`));
  return inside.map((name) => ({ ...tensor(name), name: name.slice(folder.length + 1) }));
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < HEADER_LENGTH_BYTES) throw new CheckpointFileError('the file is too short');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || HEADER_LENGTH_BYTES + length > bytes.length) throw new CheckpointFileError('the file ends within its header');
  const text = new TextDecoder().decode(bytes.subarray(HEADER_LENGTH_BYTES, HEADER_LENGTH_BYTES + length));
  try {
    return { header: JSON.parse(text) as Record<string, unknown>, data: bytes.subarray(HEADER_LENGTH_BYTES + length) };
  } catch (error) {
    throw new CheckpointFileError('the header is no JSON', { cause: error });
  }
}

function readTensor(name: string, { dtype, shape, data_offsets: [from, to] }: Entry, data: Uint8Array): NamedTensor {
  const type = dtype === TYPES.float32 ? 'float32' : dtype === TYPES.int32 ? 'int32' : null;
  if (type === null) throw new CheckpointFileError(`${name} is of type ${dtype}`);
  if (to > data.length || to - from !== 4 * shape.reduce((product, size) => product * size, 1)) throw new CheckpointFileError(`${name} is cut off`);
  // A copy, which a Buffer's own `slice` is not: the place of the bytes need not suit an array of numbers.
  const { buffer } = new Uint8Array(data.subarray(from, to));
  return { name, shape, dtype: type, data: type === 'float32' ? new Float32Array(buffer) : new Int32Array(buffer) };
}
