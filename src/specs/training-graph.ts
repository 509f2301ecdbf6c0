// For the trainer: the same graph that the planner judged.
import { ServiceError } from '../errors.js';
import { graphFromModelSpec, type Graph, type Shape } from '../ml/graph.js';
import { concreteGraph, inferShapes } from '../ml/layer-shapes.js';
import type { RunSpec } from '../schemas/spec.js';

/** @throws ServiceError impossible_spec, with the problems, when the model does not fit the input. */
export function trainingGraph(spec: Pick<RunSpec, 'model'>, inputShape: Shape): Graph {
  const { graph, problems } = graphFromModelSpec(spec.model, inputShape);
  if (graph === null) throw new ServiceError('impossible_spec', undefined, { problems });
  const inferred = inferShapes(graph, inputShape);
  const all = [...problems, ...inferred.problems];
  if (all.length > 0) throw new ServiceError('impossible_spec', undefined, { problems: all });
  return concreteGraph(graph, inferred.layers);
}
