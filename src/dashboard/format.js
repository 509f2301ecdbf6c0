// Numbers, times and elements for people.

const integer = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** @param {number} value @returns {string} `12,345` */
export const count = (value) => integer.format(value);

/** @param {number} value from 0 to 1 @returns {string} `97.92 %` */
export const percent = (value) => (Number.isFinite(value) ? `${(value * 100).toFixed(value === 1 ? 0 : 2)} %` : plain(value));

/**
 * Four significant digits (whole thousands in full), or what is no number by its name.
 * @param {number} value
 * @returns {string}
 */
export function plain(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(2).replace('e+', 'e').replaceAll('-', '−');
  if (size >= 1000) return integer.format(value).replace('-', '−');
  return value.toPrecision(4).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '').replace('-', '−');
}

/** @param {number} ms @returns {string} `1 h 04 min`, `2 min 05 s`, `7.3 s` */
export function duration(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** @param {string} iso @param {number} now @returns {string} `just now`, `5 min ago`, `3 Mar, 14:05` */
export function ago(iso, now = Date.now()) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(iso).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** @param {number} size @returns {string} `31.4 kB` */
export function bytes(size) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** @param {string} name `non_finite_loss` @returns {string} `non finite loss` */
export const words = (name) => name.replaceAll('_', ' ');

/** @param {string} text @returns {string} with a capital first letter */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * An element with attributes and children. `class`, `data-*` and `aria-*` are attributes; `on*` are listeners.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] null, undefined and false leave one out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Writes a text only where it differs, so that selections and screen readers are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
