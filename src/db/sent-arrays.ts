// Arrays of numbers in the form in which PostgreSQL sends them (array_send): as text they take ten times as long.

/** Bytes of the head of an array of one dimension, and of the size before each of its elements. */
const HEAD_BYTES = 20;
const SIZE_BYTES = 4;
const COUNT_AT = 12;

/** Reads arrays that follow each other, none of them empty. In base64, because the driver takes longer for bytes. */
export function sentArrays(base64: string, type: 'int' | 'double'): number[][] {
  const arrays: number[][] = [];
  eachArray(base64, type, (count, read) => arrays.push(Array.from({ length: count }, (_, index) => read(index))));
  return arrays;
}

/** The same as one array: `flat` would take longer than all the rest. */
export function sentNumbers(base64: string, type: 'int' | 'double'): number[] {
  const numbers: number[] = [];
  eachArray(base64, type, (count, read) => {
    for (let index = 0; index < count; index += 1) numbers.push(read(index));
  });
  return numbers;
}

function eachArray(base64: string, type: 'int' | 'double', take: (count: number, read: (index: number) => number) => void): void {
  const bytes = Buffer.from(base64, 'base64');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = SIZE_BYTES + (type === 'int' ? 4 : 8);
  for (let at = 0; at < bytes.length; ) {
    const count = view.getInt32(at + COUNT_AT);
    const elements = at + HEAD_BYTES + SIZE_BYTES;
    take(count, type === 'int' ? (index) => view.getInt32(elements + index * width) : (index) => view.getFloat64(elements + index * width));
    at += HEAD_BYTES + count * width;
  }
}
