// What every part of the page is told of the runs that it shows.
import type { Run } from '../../api/types.js';

export interface Compared {
  runs: readonly Run[];
  /** What each is called here, by its id. */
  labels: ReadonlyMap<string, string>;
  /** The run that is pointed at: it stands out in every part. */
  meant: string | null;
  onMeant(id: string | null): void;
}
