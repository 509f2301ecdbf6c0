import t from 'tap';
import { ServiceError } from '../../../src/errors.js';
import type { Layer } from '../../../src/schemas/layers.js';
import type { RunSpec } from '../../../src/schemas/spec.js';
import { emptyPlan, planRun } from '../../../src/specs/plan.js';
import { trainingGraph } from '../../../src/specs/training-graph.js';
import { LIMITS, MNIST, validSpec } from './specs.fixture.js';

const plan = (changes: Partial<RunSpec> = {}) => planRun(validSpec(changes), MNIST, LIMITS);
const pointers = (changes: Partial<RunSpec>) => plan(changes).problems.map((problem) => problem.pointer);
const warnings = (changes: Partial<RunSpec>) => plan(changes).warnings.map((warning) => warning.pointer);
const layers = (...some: Layer[]): Partial<RunSpec> => ({ model: { layers: [{ type: 'flatten' }, ...some] } });
const logits: Layer = { type: 'dense', units: 10 };

t.test('a valid spec comes to shapes, counts and steps', async (t) => {
  t.match(
    plan(),
    {
      valid: true, problems: [], warnings: [], parameterCount: 7850, trainableParameterCount: 7850,
      stepsPerEpoch: 469, totalSteps: 2345, trainCount: 60_000, validationCount: 10_000,
      layers: [
        { name: 'input', outputShape: [28, 28, 1] },
        { name: 'flatten', outputShape: [784] },
        { name: 'dense', outputShape: [10], weights: [{ name: 'dense/kernel', shape: [784, 10], trainable: true }, { name: 'dense/bias', shape: [10] }] },
      ],
    },
    'the last, smaller batch counts as a step',
  );
  t.strictSame(
    plan().memory,
    {
      parametersBytes: 31_400, gradientsBytes: 31_400, optimizerBytes: 62_800,
      activationsBytes: 4 * 128 * (784 + 784 + 10 + 784), datasetBytes: 70_000 * 788, totalBytes: 31_400 * 4 + 4 * 128 * 2362 + 70_000 * 788,
    },
    'memory is the sum of its parts',
  );
  t.match(emptyPlan([{ pointer: '/x', detail: 'y' }]), { valid: false, layers: [], problems: [{ pointer: '/x' }] }, 'an empty plan has the problems alone');
});

t.test('examples are taken and split as Keras does', async (t) => {
  const counts = (dataset: Omit<RunSpec['dataset'], 'name'>) => {
    const { trainCount, validationCount, valid } = plan({ dataset: { name: 'mnist', ...dataset } });
    return [trainCount, validationCount, valid];
  };
  t.strictSame(counts({ validation: 'none' }), [60_000, 0, true], 'no validation');
  t.strictSame(counts({ validation: { split: 0.25 } }), [45_000, 15_000, true], 'a share is held out');
  t.strictSame(counts({ take: 1000 }), [1000, 1000, true], 'take cuts the test examples too');
  t.strictSame(counts({ take: 20_000 }), [20_000, 10_000, true], 'to at most what there is');
  t.strictSame(counts({ take: 1001, validation: { split: 0.1 } }), [900, 101, true], 'a split rounds the training share down');
  t.strictSame(pointers({ dataset: { name: 'mnist', take: 60_001 } }), ['/dataset/take'], 'more than there are cannot be taken');
  t.strictSame(pointers({ dataset: { name: 'mnist', take: 3, validation: { split: 0.9 } }, fit: { batchSize: 1, epochs: 1 } }), ['/dataset/validation/split'], 'a split must leave something');
  t.strictSame(pointers({ dataset: { name: 'mnist', take: 100 } }), ['/fit/batchSize'], 'a batch is at most the training examples');
  t.strictSame(pointers({ dataset: { name: 'mnist', validation: { split: 0.999 } } }), ['/fit/batchSize'], 'those that the split left');
  t.strictSame(pointers({ fit: { batchSize: 1, epochs: 100_000 } }), ['/fit/epochs'], 'steps are counted in 32 bits');
});

t.test('one output tells two classes apart', async (t) => {
  const pair = { ...MNIST, labels: ['no', 'yes'] };
  const found = (units: number, loss: RunSpec['loss']) => planRun(validSpec({ ...layers({ type: 'dense', units, activation: 'sigmoid' }), loss }), pair, LIMITS).problems.map(({ pointer }) => pointer);
  t.same(found(1, 'binaryCrossentropy'), [], 'with a binary cross-entropy');
  t.same(found(2, 'binaryCrossentropy'), [], 'as two do');
  t.same(found(1, 'meanSquaredError'), ['/model/layers/1/units'], 'with no other loss');
  t.same(pointers({ ...layers({ type: 'dense', units: 1, activation: 'sigmoid' }), loss: 'binaryCrossentropy' }), ['/model/layers/1/units'], 'and no more of them');
});

t.test('an unknown data set does not hide other faults', async (t) => {
  const unknown = planRun(validSpec({ loss: { type: 'meanSquaredError', fromLogits: true } }), null, LIMITS);
  t.strictSame(unknown.problems.map((problem) => problem.pointer), ['/dataset/name', '/loss/fromLogits'], 'what can be judged without it is judged');
  const declared = planRun(validSpec({ model: { layers: [{ type: 'input', shape: [9] }, { type: 'dense', units: 3 }, { type: 'flatten' }] } }), null, LIMITS);
  t.strictSame(declared.problems.map((problem) => problem.pointer), ['/dataset/name', '/model/layers/2'], 'with a declared input even the shapes');
});

t.test('the output must fit the classes', async (t) => {
  t.strictSame(pointers(layers({ type: 'dense', units: 9, activation: 'softmax' })), ['/model/layers/1/units'], 'a wrong number of units');
  t.strictSame(pointers({ model: { layers: [{ type: 'dense', units: 10, activation: 'softmax' }] } }), ['/model/layers/0'], 'too many axes');
  for (const loss of ['binaryCrossentropy', 'meanSquaredError', 'meanAbsoluteError', 'sparseCategoricalCrossentropy'] as const) {
    t.strictSame(plan({ loss }).problems, [], `${loss} is fine with one output a class`);
  }
  t.strictSame(pointers({ model: { layers: [{ type: 'flatten' }, { type: 'reshape', targetShape: [10] }] } }), ['/model/layers/1/targetShape'], 'a fault further up is not reported as a wrong output too');
  t.strictSame(pointers({ model: { layers: [{ type: 'conv2d', filters: 1, kernelSize: 28 }, { type: 'globalMaxPooling2d' }] } }), ['/model/layers/1'], 'an output without units is at fault as a layer');
});

t.test('logits and probabilities are told apart', async (t) => {
  const fromLogits = { type: 'categoricalCrossentropy', fromLogits: true } as const;
  t.strictSame(pointers({ loss: fromLogits }), ['/loss/fromLogits'], 'a softmax gives no logits');
  t.strictSame(pointers({ loss: fromLogits, ...layers(logits, { type: 'softmax' }, { type: 'dropout', rate: 0.1 }) }), ['/loss/fromLogits'], 'nor does one behind a dropout');
  t.strictSame(plan({ loss: fromLogits, ...layers(logits) }).problems, [], 'a linear output does');
  t.strictSame(pointers({ loss: { type: 'meanAbsoluteError', fromLogits: true } }), ['/loss/fromLogits'], 'an error has no logits');
  t.strictSame(warnings(layers(logits)), ['/loss'], 'a linear output without fromLogits is warned of');
  t.ok(plan(layers(logits)).valid, 'and trains');
  t.strictSame(warnings(layers(logits, { type: 'activation', activation: 'sigmoid' })), [], 'a sigmoid is a probability');
  t.strictSame(warnings({ ...layers(logits), loss: 'meanSquaredError' }), [], 'an error takes any output');
});

t.test('schedules must make sense', async (t) => {
  const faults: [string, RunSpec['schedule'], string[]][] = [
    ['boundaries that fall', { type: 'step', boundaries: [2, 1], factors: [0.5, 0.1] }, ['/schedule/boundaries/1']],
    ['boundaries without factors', { type: 'step', boundaries: [1, 2], factors: [0.5] }, ['/schedule/factors']],
    ['two lengths of an interval', { type: 'exponential', decay: 0.5, everyEpochs: 1, everySteps: 10 }, ['/schedule/everySteps']],
    ['two lengths of a decay', { type: 'polynomial', epochs: 2, steps: 10 }, ['/schedule/steps']],
    ['two lengths of a warm-up', { type: 'cosine', warmup: { epochs: 1, steps: 10 } }, ['/schedule/warmup/steps']],
    ['an unknown monitor', { type: 'reduceOnPlateau', monitor: 'val_acc' }, ['/schedule/monitor']],
    ['no fault', { type: 'cosine', epochs: 1, restarts: true, periodFactor: 2, warmup: { steps: 100 } }, []],
  ];
  for (const [what, schedule, places] of faults) t.strictSame(pointers({ schedule }), places, what);
  t.strictSame(warnings({ schedule: { type: 'step', boundaries: [1, 7], factors: [0.5, 0.1] } }), ['/schedule/boundaries/1'], 'a boundary past the end is warned of');
  t.strictSame(warnings({ schedule: { type: 'exponential', decay: 0.5, minLearningRate: 1 } }), ['/schedule/minLearningRate'], 'so is a floor over the rate');
  t.strictSame(warnings({ schedule: { type: 'cosine', periodFactor: 2, restarts: true } }), ['/schedule/restarts'], 'and restarts that never come');
});

t.test('a backend must fit its device', async (t) => {
  const resources = (device: 'cpu' | 'gpu', backend: 'wasm' | 'webgpu' | 'tensorflow') => plan({ resources: { device, backend } }).problems;
  t.match(resources('gpu', 'wasm'), [{ pointer: '/resources/backend', detail: /does not fit the device gpu: it computes on the CPU/ }], 'a backend that no device of the kind could serve');
  t.match(resources('cpu', 'webgpu'), [{ pointer: '/resources/backend' }], 'nor the other way');
  t.strictSame(resources('gpu', 'tensorflow'), [], 'one that may is not refused here');
  t.match(plan({ resources: { device: 'cpu', gpus: 2 } }).problems, [{ pointer: '/resources/gpus', detail: /asks for 2 GPUs/ }]);
  t.match(plan({ resources: { gpus: 2 } }).warnings, [{ pointer: '/resources/gpus', detail: /the first of them alone/ }]);
  t.match(plan({ resources: { memoryMiB: 1 } }).warnings, [{ pointer: '/resources/memoryMiB', detail: /^is less than the 53\.9 MiB/ }]);
  t.strictSame(warnings({ resources: { memoryMiB: 100, gpus: 1 } }), []);
});

t.test('callbacks must watch what the run reports', async (t) => {
  const watch = (monitor: string | undefined, changes: Partial<RunSpec> = {}) =>
    plan({ callbacks: [{ type: 'earlyStopping', ...(monitor === undefined ? {} : { monitor }) }], ...changes }).problems;
  for (const monitor of [undefined, 'loss', 'accuracy', 'val_loss', 'val_accuracy']) t.strictSame(watch(monitor), [], `${monitor ?? 'the default'} is known`);
  t.match(watch('val_acuracy'), [{ pointer: '/callbacks/0/monitor', detail: /known are loss, accuracy, val_loss, val_accuracy; did you mean "val_accuracy"\?$/ }], 'a misspelt one is refused with the known ones');
  t.match(plan({ checkpoints: { keepBest: 1, monitor: 'val_acc' } }).problems, [{ pointer: '/checkpoints/monitor', detail: /did you mean "val_accuracy"/ }], 'also where checkpoints watch it');
  t.match(watch(undefined, { dataset: { name: 'mnist', validation: 'none' } }), [{ pointer: '/callbacks/0/monitor', detail: /no validation data/ }], 'the default needs validation data');
  t.strictSame(watch('loss', { dataset: { name: 'mnist', validation: 'none' } }), [], 'the training loss does not');
  t.strictSame(watch('val_mean_squared_error', { metrics: ['meanSquaredError'] }), [], "metrics go by Keras' names");
  t.match(watch('accuracy', { loss: 'meanSquaredError' }), [{ pointer: '/callbacks/0/monitor' }], 'a metric that is not measured is unknown');
});

t.test('a model of a billion units is refused at once', async (t) => {
  const started = process.cpuUsage();
  const { problems, valid } = plan(layers({ type: 'dense', units: 1_000_000_000 }, { type: 'dense', units: 10, activation: 'softmax' }));
  t.ok(process.cpuUsage(started).user < 100_000, 'in no time, for nothing is allocated');
  t.notOk(valid, 'it is not accepted');
  t.match(problems, [{ pointer: '/model', detail: /needs about 12\.5 TiB to train \(weights 2\.89 TiB, .* over the limit of 8 GiB/ }], 'and it says how much it would need');
  t.match(planRun(validSpec(), MNIST, { limitBytes: 1000 }).problems, [{ pointer: '/model', detail: /over the limit of 1000 bytes/ }], 'the limit is the caller\'s');
});

t.test('a topology is planned like a layer list', async (t) => {
  const topology = {
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'Flatten', config: { name: 'flat' } }, { class_name: 'Dense', config: { name: 'out', units: 11, activation: 'softmax' } }] },
  };
  t.match(plan({ model: { topology } }), { problems: [{ pointer: '/model/topology/config/layers/1/config/units' }], parameterCount: 785 * 11 }, 'with pointers into the topology');
});

t.test('a model without weights is no model to train', async (t) => {
  t.strictSame(pointers({ model: { layers: [{ type: 'flatten' }, { type: 'softmax' }] }, loss: 'meanSquaredError' }), ['/model/layers/1', '/model'], 'which is said');
});

t.test('the trainer gets the graph that was planned, or the problems', async (t) => {
  const graph = trainingGraph({ model: { layers: [{ type: 'reshape', targetShape: [-1, 28] }, { type: 'flatten' }, { type: 'dense', units: 10 }, { type: 'softmax' }] } }, [28, 28, 1]);
  t.strictSame(graph.nodes[1]?.layer, { type: 'reshape', targetShape: [28, 28] }, 'a free axis is filled in, which TF.js cannot do');
  t.strictSame(graph.nodes.at(-1)?.layer, { type: 'softmax', axis: -1 }, 'and the softmax axis, which TF.js takes for the first');
  t.throws(() => trainingGraph({ model: { layers: [{ type: 'conv2d', filters: 1, kernelSize: 99 }] } }, [28, 28, 1]), new ServiceError('impossible_spec'), 'an impossible model throws');
});
