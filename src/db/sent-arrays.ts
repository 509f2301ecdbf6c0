// Arrays of numbers in the form in which PostgreSQL sends them (array_send): as text they take ten times as long.

/** Bytes of the head of an array of one dimension, and of the size before each of its elements. */
const HEAD_BYTES = 20;
const SIZE_BYTES = 4;
const COUNT_AT = 12;

/** Reads arrays that follow each other, none of them empty. In base64, because the driver takes longer for bytes. */
export function sentArrays(base64: string, type: 'int' | 'double'): number[][] {
  const bytes = Buffer.from(base64, 'base64');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = SIZE_BYTES + (type === 'int' ? 4 : 8);
  const arrays: number[][] = [];
  for (let at = 0; at < bytes.length; ) {
    const numbers = new Array<number>(view.getInt32(at + COUNT_AT));
    const elements = at + HEAD_BYTES + SIZE_BYTES;
    for (let index = 0; index < numbers.length; index += 1) {
      const element = elements + index * width;
      numbers[index] = type === 'int' ? view.getInt32(element) : view.getFloat64(element);
    }
    arrays.push(numbers);
    at += HEAD_BYTES + numbers.length * width;
  }
  return arrays;
}
