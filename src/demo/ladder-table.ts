// The results of the recipes as a Markdown table. Pure text.
import type { Recipe } from '../schemas/recipe.js';
import type { MetricValue } from '../schemas/run.js';

export interface Rung {
  recipe: Recipe;
  /** At the end of the run; null when it did not get there. */
  reached: MetricValue | null;
  /** From submission to stored model. */
  seconds: number;
  /** The median of its epochs, without their validation; null when there was none. */
  examplesPerSecond: number | null;
  /** What trained it: `compiled-cpu`. */
  engine: string;
}

export function isReached({ recipe: { expected }, reached }: Rung): boolean {
  const { atLeast = -Infinity, atMost = Infinity } = expected;
  return typeof reached === 'number' && reached >= atLeast && reached <= atMost;
}

const percent = (share: number, digits: number) => `${(share * 100).toFixed(digits)}%`;
/** As few digits as say it: 91%, 98.9%. */
const bound = (share: number) => `${Number((share * 100).toFixed(2))}%`;

function expectation({ expected: { atLeast, atMost } }: Recipe): string {
  return [...(atLeast === undefined ? [] : [`at least ${bound(atLeast)}`]), ...(atMost === undefined ? [] : [`at most ${bound(atMost)}`])].join(', ');
}

/** The head and the line below it. */
export const LADDER_HEAD = ['| recipe | test accuracy | expected | seconds | examples/s | engine |', '|---|---|---|---|---|---|'];

/** One line of the table; a missed expectation is said in it. */
export function ladderLine(rung: Rung): string {
  const { recipe, reached, seconds, examplesPerSecond, engine } = rung;
  const accuracy = typeof reached === 'number' ? percent(reached, 2) : (reached ?? 'none');
  const speed = examplesPerSecond === null ? '' : Math.round(examplesPerSecond).toLocaleString('en');
  return `| \`${recipe.name}\` | ${accuracy}${isReached(rung) ? '' : ' (missed)'} | ${expectation(recipe)} | ${seconds.toFixed(seconds < 10 ? 1 : 0)} | ${speed} | ${engine} |`;
}
