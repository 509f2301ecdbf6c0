// How what a person has chosen is written in the address. What is as usual is left out of it, and what cannot be
// read counts as usual: an address that was typed or cut short never breaks a page.

export interface Codec<T> {
  /** `null` is an address that says nothing of it. */
  read(text: string | null): T;
  /** `null` leaves it out. */
  write(value: T): string | null;
}

const codec = <T>(usual: T, parse: (text: string) => T | undefined, format: (value: T) => string): Codec<T> => ({
  read: (text) => (text === null ? usual : (parse(text) ?? usual)),
  write: (value) => (format(value) === format(usual) ? null : format(value)),
});

export const text = (usual = ''): Codec<string> => codec(usual, (value) => value, (value) => value);

export const flag = (usual = false): Codec<boolean> => codec(usual, (value) => (value === 'yes' ? true : value === 'no' ? false : undefined), (value) => (value ? 'yes' : 'no'));

/** A number from `least` to `most`; others count as usual. */
export const number = (usual: number, { least = -Infinity, most = Infinity, whole = false }: { least?: number; most?: number; whole?: boolean } = {}): Codec<number> =>
  codec(
    usual,
    (value) => {
      const read = value.trim() === '' ? NaN : Number(value);
      return read >= least && read <= most && (!whole || Number.isInteger(read)) ? read : undefined;
    },
    String,
  );

/** One of these words; the first is usual, unless another is named. */
export const choice = <const T extends string>(words: readonly [T, ...T[]], usual: T = words[0]): Codec<T> => codec(usual, (value) => words.find((word) => word === value), (value) => value);

/** Several words, in the order chosen; `known` keeps out what is none of them. */
export const list = (known?: readonly string[]): Codec<readonly string[]> =>
  codec<readonly string[]>(
    [],
    (value) => [...new Set(value.split(',').map(unescapeComma).filter((word) => word !== '' && (known === undefined || known.includes(word))))],
    (value) => value.map(escapeComma).join(','),
  );

/** From one number to a greater one; null is no limit. */
export const range = (): Codec<readonly [number, number] | null> =>
  codec<readonly [number, number] | null>(
    null,
    (value) => {
      const [from = NaN, to = NaN] = value.split('~').map((part) => (part === '' ? NaN : Number(part)));
      return from < to && Number.isFinite(from) && Number.isFinite(to) ? [from, to] : undefined;
    },
    (value) => (value === null ? '' : value.map((part) => Number(part.toPrecision(9))).join('~')),
  );

export interface Order {
  by: string;
  descending: boolean;
}

/** `name`, or `-name` for descending. */
export const order = (known: readonly string[], usual: Order): Codec<Order> =>
  codec(
    usual,
    (value) => {
      const by = value.replace(/^-/, '');
      return known.includes(by) ? { by, descending: value.startsWith('-') } : undefined;
    },
    ({ by, descending }) => `${descending ? '-' : ''}${by}`,
  );

const escapeComma = (word: string) => word.replaceAll('%', '%25').replaceAll(',', '%2C');
const unescapeComma = (word: string) => word.replaceAll('%2C', ',').replaceAll('%25', '%');
