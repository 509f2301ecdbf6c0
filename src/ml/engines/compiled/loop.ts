// Loops within a graph. What an iteration makes and nothing carries on is freed before the next.
import { GraphBuilder, type Value } from './graph.js';

export interface Loop {
  body: GraphBuilder;
  /** The number of the iteration, from 0 on. */
  index: Value;
}

export interface LoopValues {
  /** How many iterations. */
  times: Value;
  /** From one iteration to the next: what it is at first, and what each makes of it. */
  carried?: readonly { first: Value; next: Value }[];
  /** What each iteration adds a row of. */
  rows?: readonly Value[];
}

/** A loop whose body is to be filled, and then closed. */
export function openLoop({ names }: GraphBuilder): Loop {
  const body = new GraphBuilder(names);
  const index = body.input(names.next('index'), { shape: [], type: 'int64' });
  body.output(names.next('goes_on'), body.input(names.next('go_on'), { shape: [], type: 'bool' }));
  return { body, index };
}

/** Adds the loop to `graph`. Answers what was carried, as the last iteration left it, then the rows. */
export function closeLoop(graph: GraphBuilder, { body }: Loop, { times, carried = [], rows = [] }: LoopValues): Value[] {
  for (const value of [...carried.map(({ next }) => next), ...rows]) body.output(body.names.next('after_iteration'), value);
  const outputs = [...carried.map(({ first: { shape, type } }) => ({ shape, type })), ...rows.map(({ shape, type }) => ({ shape: [1, ...shape], type }))];
  const goOn = graph.constant(Uint8Array.of(1), 'bool', []);
  return graph.addMany('Loop', [times, goOn, ...carried.map(({ first }) => first)], { outputs, attributes: { body: { graph: body.finish() } } });
}
