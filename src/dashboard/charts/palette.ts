// Colours of curves. Eight that colour-blind people tell apart, in light and dark (styles/tokens.css); beyond that,
// curves of a colour differ in their dashes. A run keeps its colour for as long as the page is open, save where it
// is compared with another that looks the same.

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
  /** Before these are shown together: gives those another look that would look the same, or be dashed without need. */
  keepApart(ids: readonly string[]): void;
}

/** A look is a number: the colour, and the dashes times the number of colours. */
const LOOKS = PALETTE_SIZE * DASHES.length;

/** Ids are given the colour that their own characters say, or the next that is used least. */
export function createPalette(): Palette {
  const given = new Map<string, number>();
  const used = new Array<number>(LOOKS).fill(0);
  const give = (id: string, look: number) => {
    const before = given.get(id);
    if (before !== undefined) used[before]! -= 1;
    used[look]! += 1;
    given.set(id, look);
    return look;
  };
  return {
    paintOf(id) {
      const look = given.get(id) ?? give(id, leastUsed(used, LOOKS, id));
      return { color: `var(--series-${look % PALETTE_SIZE})`, dash: DASHES[Math.floor(look / PALETTE_SIZE)]! };
    },
    keepApart(ids) {
      const among = Math.min(LOOKS, Math.ceil(ids.length / PALETTE_SIZE) * PALETTE_SIZE);
      const here = new Array<number>(among).fill(0);
      const most = Math.ceil(ids.length / among);
      const isApart = (id: string) => {
        const look = given.get(id);
        if (look === undefined || look >= among || here[look]! >= most) return false;
        here[look]! += 1;
        return true;
      };
      for (const id of ids.filter((id) => !isApart(id))) here[give(id, leastUsed(here, among, id))]! += 1;
    },
  };
}

/** Of the first looks, one that is used least; among those with the fewest dashes, the one that is next to the id's own. */
function leastUsed(used: readonly number[], among: number, id: string): number {
  const least = Math.min(...used.slice(0, among));
  const wish = hashOf(id) % PALETTE_SIZE;
  for (let row = 0; row < among; row += PALETTE_SIZE) {
    for (let at = 0; at < PALETTE_SIZE; at += 1) {
      const look = row + ((wish + at) % PALETTE_SIZE);
      if (used[look] === least) return look;
    }
  }
  return wish;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Of the runs, on every page. */
export const palette = createPalette();
