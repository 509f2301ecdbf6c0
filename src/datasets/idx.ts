// The IDX format of the MNIST files: big-endian, two zero bytes, an element type, the number of axes,
// the size of each axis, then the elements. Source: https://yann.lecun.com/exdb/mnist/

export interface IdxArray {
  shape: number[];
  /** Row-major, a view on the file's bytes. */
  data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

export interface IdxHeader {
  shape: number[];
  /** Where the elements begin. */
  start: number;
  /** Of the whole file. */
  bytes: number;
}

/** The longest that a header is: 255 axes. */
export const MAX_HEADER_BYTES = 4 + 4 * 255;

/** Out of the first bytes of a file. @throws Error when they are not those of an IDX file of unsigned bytes */
export function parseIdxHeader(bytes: Uint8Array): IdxHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0) throw new Error('not an IDX file: it does not start with two zero bytes');
  const type = view.getUint8(2);
  if (type !== UNSIGNED_BYTE) throw new Error(`IDX element type 0x${type.toString(16)} is not supported, only unsigned bytes (0x8)`);
  const rank = view.getUint8(3);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw new Error(`IDX header is cut off: ${bytes.length} bytes of ${start}`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, start, bytes: start + shape.reduce((product, length) => product * length, 1) };
}

/** @throws Error when the bytes are not an IDX file of unsigned bytes, or are too few or too many. */
export function parseIdx(bytes: Uint8Array): IdxArray {
  const header = parseIdxHeader(bytes);
  const { shape, start } = header;
  if (bytes.length !== header.bytes) {
    throw new Error(`IDX data of shape [${shape.join(', ')}] need ${header.bytes} bytes, but the file has ${bytes.length}`);
  }
  return { shape, data: bytes.subarray(start) };
}
