// Numbers and times for people.

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345` */
export const count = (value: number): string => integer.format(value);

/** `1 run`, `12,345 runs` */
export const several = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** Of a share from 0 to 1: `97.92 %` */
export const percent = (value: number): string => (Number.isFinite(value) ? `${(value * 100).toFixed(value === 1 ? 0 : 2)} %` : plain(value));

/** As {@link percent}, without digits that say nothing: for axes. */
export const roundPercent = (value: number): string => `${Number((value * 100).toFixed(3))} %`;

/** Four significant digits (whole thousands in full), or what is no number by its name. */
export function plain(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(2).replace('e+', 'e').replaceAll('-', '−');
  if (size >= 1000) return integer.format(value).replace('-', '−');
  return value.toPrecision(4).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '').replace('-', '−');
}

/** `1 h 04 min`, `2 min 05 s`, `7.3 s` */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** `just now`, `5 min ago`, `3 Mar, 14:05` */
export function ago(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return moment(iso);
}

/** `3 Mar, 14:05` */
export const moment = (iso: string): string => new Date(iso).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** `14:05:09` */
export const clockTime = (iso: string): string => new Date(iso).toLocaleTimeString('en-GB');

/** Of files: `31.4 kB` */
export const bytes = (size: number): string => scaled(size, 1000, ['B', 'kB', 'MB', 'GB', 'TB']);

/** Of memory, in the units of devices and their limits: `31.4 KiB` */
export const memoryBytes = (size: number): string => scaled(size, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);

function scaled(size: number, step: number, units: readonly string[]): string {
  let unit = 0;
  for (; size >= step && unit < units.length - 1; unit += 1) size /= step;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** `non_finite_loss` becomes `non finite loss` */
export const words = (name: string): string => name.replaceAll('_', ' ');

/** With a capital first letter. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `learningRate` becomes `Learning rate`. */
export function labelOf(name: string): string {
  return sentence(name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`).replace(/ mi b$/i, ' (MiB)').replace(/^gpus$/, 'GPUs'));
}
