// Colours of curves. Eight that colour-blind people tell apart, in light and dark (styles/tokens.css); beyond that,
// curves of a colour differ in their dashes. A run keeps its colour for as long as the page is open.

export const PALETTE_SIZE = 8;
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

export interface Paint {
  /** A CSS colour. */
  color: string;
  dash: readonly number[];
}

export interface Palette {
  /** The same for the same id, whatever else is shown. */
  paintOf(id: string): Paint;
}

/** Ids are given the colour that their own characters say, or the next that is used least. */
export function createPalette(): Palette {
  const given = new Map<string, number>();
  const used = new Array<number>(PALETTE_SIZE).fill(0);
  return {
    paintOf(id) {
      let place = given.get(id);
      if (place === undefined) {
        const wish = hashOf(id) % PALETTE_SIZE;
        const least = Math.min(...used);
        let index = wish;
        while (used[index] !== least) index = (index + 1) % PALETTE_SIZE;
        place = used[index]! * PALETTE_SIZE + index;
        used[index]! += 1;
        given.set(id, place);
      }
      return { color: `var(--series-${place % PALETTE_SIZE})`, dash: DASHES[Math.floor(place / PALETTE_SIZE) % DASHES.length] ?? [] };
    },
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Of the runs, on every page. */
export const palette = createPalette();
