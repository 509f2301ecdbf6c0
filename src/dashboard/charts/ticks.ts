// The places of an axis that are named.

/** Round places from `from` to `to`, about so many. */
export function ticks(from: number, to: number, { about, whole = false }: { about: number; whole?: boolean }): number[] {
  if (!(to > from)) return [from];
  const raw = (to - from) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw * 0.999 && (!whole || one >= 1)) ?? 10 * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // By whole multiples: sums of tenths are no tenths.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Powers of ten, about so many at most; with twos and fives between where there are few. Of less than a factor of ten, as on a straight axis. */
export function logTicks(from: number, to: number, { about }: { about: number }): number[] {
  const decades = Math.log10(to / from);
  if (!Number.isFinite(decades)) return [];
  const factors = decades > Math.min(3, about / 3) ? [1] : [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / Math.max(1, about)));
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
  const powers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const within = (all: readonly number[]) => all.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`))).filter((tick) => tick >= from && tick <= to);
  const found = within(powers.filter((power) => power % every === 0));
  if (found.length > 1) return found;
  return decades < 1 ? ticks(from, to, { about: 4 }) : within(powers).slice(0, 1);
}
