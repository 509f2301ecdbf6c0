// What the planner's checks write into.
import type { InputProblem } from '../errors.js';

export interface Findings {
  /** What makes the run impossible. */
  problems: InputProblem[];
  /** What is probably not meant. */
  warnings: InputProblem[];
}
