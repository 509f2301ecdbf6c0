// The meaning of a well-formed run spec: what it comes to, and every reason why it could not be trained.
// Arithmetic only; it runs in the API process and allocates nothing of the model's size.
import type { InputProblem } from '../errors.js';
import { deviceMismatch } from '../ml/engines/backend-device.js';
import { elementsOf, graphFromModelSpec, type Shape } from '../ml/graph.js';
import { inferShapes, type LayerShape } from '../ml/layer-shapes.js';
import type { Plan } from '../schemas/plan.js';
import type { ModelSpec, RunSpec } from '../schemas/spec.js';
import { effectiveValidation, exampleCounts, type DatasetKind } from './defaults.js';
import type { Findings } from './findings.js';
import { estimateMemory, formatBytes } from './memory.js';
import { checkLoss, checkOutput } from './output-checks.js';
import { checkMonitors, checkSchedule } from './schedule-checks.js';

const MIB = 1024 * 1024;

/** What the planner needs to know of a data set. */
export interface DatasetFacts {
  name: string;
  kind: DatasetKind;
  /** One example: `[height, width, channels]`. */
  inputShape: Shape;
  /** One a class. */
  labels: readonly string[];
  trainCount: number;
  testCount: number;
}

export interface PlanLimits {
  /** The most memory that a run may take by the estimate, in bytes. */
  limitBytes: number;
}

/** Steps are counted in 32 bits. */
const MAX_STEPS = 2 ** 31 - 1;
const NO_MEMORY: Plan['memory'] = { parametersBytes: 0, optimizerBytes: 0, gradientsBytes: 0, activationsBytes: 0, datasetBytes: 0, totalBytes: 0 };

/** A plan that knows nothing but what is wrong. */
export function emptyPlan(problems: readonly InputProblem[]): Plan {
  return {
    valid: problems.length === 0, problems: [...problems], warnings: [], layers: [],
    parameterCount: 0, trainableParameterCount: 0, flops: 0,
    stepsPerEpoch: 0, totalSteps: 0, trainCount: 0, validationCount: 0, memory: { ...NO_MEMORY },
  };
}

/** What no machine could satisfy. */
function checkResources({ engine, resources: { device = 'auto', backend = 'auto' } = {} }: RunSpec, { problems }: Findings): void {
  if (backend === 'auto') return;
  if (engine === 'compiled') problems.push({ pointer: '/resources/backend', detail: 'names a TF.js backend, which only the eager engine has' });
  const mismatch = deviceMismatch(backend, device);
  if (mismatch !== null) problems.push({ pointer: '/resources/backend', detail: `is ${backend}, which does not fit the device ${device}: ${mismatch}` });
}

function checkGpus({ resources: { device, gpus = 1 } = {} }: RunSpec, { problems, warnings }: Findings): void {
  if (gpus === 1) return;
  if (device === 'cpu') problems.push({ pointer: '/resources/gpus', detail: `asks for ${gpus} GPUs, and /resources/device for none` });
  else warnings.push({ pointer: '/resources/gpus', detail: 'are held together, and training uses the first of them alone' });
}

function checkMemory({ resources: { memoryMiB } = {} }: RunSpec, { totalBytes }: Plan['memory'], { warnings }: Findings): void {
  if (memoryMiB !== undefined && memoryMiB * MIB < totalBytes) warnings.push({ pointer: '/resources/memoryMiB', detail: `is less than the ${formatBytes(totalBytes)} that training is expected to take` });
}

/** `dataset` is null when there is none of the spec's name. Never throws: everything found is in the plan. */
export function planRun(spec: RunSpec, dataset: DatasetFacts | null, { limitBytes }: PlanLimits): Plan {
  const findings: Findings = { problems: [], warnings: [] };
  if (dataset === null) findings.problems.push({ pointer: '/dataset/name', detail: `there is no data set "${spec.dataset.name}"` });
  const steps = planSteps(spec, dataset, findings);
  const inputShape = dataset?.inputShape ?? declaredInput(spec.model);
  const model = inputShape === null ? null : planModel(spec, { inputShape, classCount: dataset?.labels.length ?? null }, findings);
  findings.problems.push(...checkLoss(spec));
  checkSchedule(spec, findings);
  checkMonitors(spec, { hasValidation: effectiveValidation(spec.dataset) !== 'none' }, findings);
  checkResources(spec, findings);
  checkGpus(spec, findings);
  const layers = model?.layers ?? [];
  const memory = estimateMemory({
    layers,
    optimizer: spec.optimizer,
    batchSize: spec.fit.batchSize,
    examples: { count: steps.trainCount + steps.validationCount, elements: elementsOf(inputShape ?? [0]) },
  });
  checkMemory(spec, memory, findings);
  if (memory.totalBytes > limitBytes) findings.problems.push(tooLarge(memory, layers, limitBytes));
  const total = (of: (layer: LayerShape) => number): number => layers.reduce((sum, layer) => sum + of(layer), 0);
  return {
    valid: findings.problems.length === 0,
    ...findings,
    layers: layers.map(planLayer),
    parameterCount: total((layer) => layer.parameterCount),
    trainableParameterCount: total((layer) => layer.trainableParameterCount),
    flops: total((layer) => layer.flops),
    ...steps,
    memory,
  };
}

type Steps = Pick<Plan, 'stepsPerEpoch' | 'totalSteps' | 'trainCount' | 'validationCount'>;

function planSteps({ dataset: data, fit }: RunSpec, dataset: DatasetFacts | null, { problems }: Findings): Steps {
  if (dataset === null) return { stepsPerEpoch: 0, totalSteps: 0, trainCount: 0, validationCount: 0 };
  const { trainCount, validationCount } = exampleCounts(data, dataset);
  if (data.take !== undefined && data.take > dataset.trainCount) {
    problems.push({ pointer: '/dataset/take', detail: `the data set has only ${dataset.trainCount} training examples` });
  }
  if (typeof data.validation === 'object' && (trainCount === 0 || validationCount === 0)) {
    problems.push({
      pointer: '/dataset/validation/split',
      detail: `leaves nothing to ${trainCount === 0 ? 'train on' : 'validate with'}: of ${trainCount + validationCount} examples, ${trainCount} train and ${validationCount} validate`,
    });
  } else if (fit.batchSize > trainCount) {
    problems.push({ pointer: '/fit/batchSize', detail: `a batch of ${fit.batchSize} is larger than the ${trainCount} training examples` });
  }
  const stepsPerEpoch = Math.ceil(trainCount / fit.batchSize);
  const totalSteps = stepsPerEpoch * fit.epochs;
  if (totalSteps > MAX_STEPS) problems.push({ pointer: '/fit/epochs', detail: `makes ${totalSteps} steps; a run has at most ${MAX_STEPS}` });
  return { stepsPerEpoch, totalSteps, trainCount, validationCount };
}

function planModel(
  spec: RunSpec,
  { inputShape, classCount }: { inputShape: Shape; classCount: number | null },
  findings: Findings,
): { layers: LayerShape[] } | null {
  const { graph, problems } = graphFromModelSpec(spec.model, inputShape);
  findings.problems.push(...problems);
  if (graph === null) return null;
  const inferred = inferShapes(graph, inputShape);
  findings.problems.push(...inferred.problems);
  const output = inferred.layers.find((layer) => layer.name === graph.output);
  checkOutput(spec, { graph, outputShape: output?.outputShape ?? null, classCount }, findings);
  if (inferred.layers.every((layer) => layer.trainableParameterCount === 0) && inferred.problems.length === 0) {
    findings.problems.push({ pointer: '/model', detail: 'has nothing to train: none of its layers has weights' });
  }
  return { layers: inferred.layers };
}

/** What an input layer declares stands in for an unknown data set, so that shapes are judged all the same. */
function declaredInput(model: ModelSpec): Shape | null {
  const first = 'layers' in model ? model.layers[0] : undefined;
  return first?.type === 'input' ? first.shape : null;
}

function planLayer({ name, type, outputShape, weights, ...numbers }: LayerShape): Plan['layers'][number] {
  return {
    name, type, ...numbers,
    outputShape: outputShape === null ? null : [...outputShape],
    weights: weights.map((weight) => ({ ...weight, shape: [...weight.shape] })),
  };
}

function tooLarge(memory: Plan['memory'], layers: readonly LayerShape[], limitBytes: number): InputProblem {
  const largest = layers.reduce<LayerShape | null>((most, layer) => (layer.parameterCount > (most?.parameterCount ?? 0) ? layer : most), null);
  const parts = (
    [['weights', memory.parametersBytes], ['optimizer', memory.optimizerBytes], ['gradients', memory.gradientsBytes], ['activations of a batch', memory.activationsBytes], ['data', memory.datasetBytes]] as const
  ).map(([what, bytes]) => `${what} ${formatBytes(bytes)}`);
  const blame = largest === null ? '' : `; most weights are in "${largest.name}" (${largest.parameterCount})`;
  return {
    pointer: '/model',
    detail: `needs about ${formatBytes(memory.totalBytes)} to train (${parts.join(', ')}), over the limit of ${formatBytes(limitBytes)}${blame}`,
  };
}
