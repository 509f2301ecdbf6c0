// Many runs side by side: bands over seeds, frames of charts, axes of quantities, and what the address keeps.
import t from 'tap';
import type { Run } from '../../../src/dashboard/api/types.js';
import { Series } from '../../../src/dashboard/live/series.js';
import { bandOf, seedGroups } from '../../../src/dashboard/pages/compare/band.js';
import { curveKeysOf, placeOf } from '../../../src/dashboard/pages/compare/curve-axis.js';
import { passes, quantitiesOf, scaleOf, type Span } from '../../../src/dashboard/pages/compare/quantities.js';
import { columnsToTrace, frameOf, nearestPoint, TraceMaker, type Trace } from '../../../src/dashboard/pages/compare/trace.js';
import { BRUSHES, HIDDEN, RUN_IDS } from '../../../src/dashboard/pages/compare/view-codecs.js';

const xy = (x: number[], y: number[]) => ({ x: Float64Array.from(x), y: Float64Array.from(y) });
const trace = (x: number[], y: number[], more: Partial<Trace> = {}): Trace => ({ id: 'a', label: 'a', color: 'red', dash: [], ...xy(x, y), low: null, high: null, isBand: false, ...more });

t.test('a band is the mean of its curves, and one sample deviation to either side', async (t) => {
  const band = bandOf([xy([1, 2, 3], [1, 2, 3]), xy([1, 2, 3], [3, 2, 7])]);
  t.same([...band.x], [1, 2, 3]);
  t.same([...band.mean], [2, 2, 5]);
  const deviations = [...band.high].map((high, at) => high - band.mean[at]!);
  for (const [at, wanted] of [Math.SQRT2, 0, Math.sqrt(8)].entries()) t.ok(Math.abs(deviations[at]! - wanted) < 1e-12, `${deviations[at]} is ${wanted}`);
  t.same([...band.low].map((low, at) => band.mean[at]! - low).map((value) => value.toFixed(9)), deviations.map((value) => value.toFixed(9)), 'as far below as above');
  t.same([...band.count], [2, 2, 2]);
});

t.test('a curve counts for as far as it came, and is read between its points', async (t) => {
  const band = bandOf([xy([0, 1, 2, 3, 4], [0, 0, 0, 0, 0]), xy([1, 3], [2, 6])]);
  t.same([...band.count], [1, 2, 2, 2, 1]);
  t.same([...band.mean], [0, 1, 2, 3, 0]);
  t.same([band.low[0], band.high[4]], [0, 0], 'one alone has no spread');
  const broken = bandOf([xy([0, 1], [NaN, 1]), xy([0, 1], [NaN, Infinity])]);
  t.same([...broken.mean], [NaN, 1]);
  t.same([...bandOf([]).x], []);
  const large = bandOf([xy([0], [1e9 + 1]), xy([0], [1e9 + 2]), xy([0], [1e9 + 3])]);
  t.equal(large.high[0]! - large.mean[0]!, 1, 'small differences of large numbers are not lost');
});

t.test('runs are grouped where nothing but the seed differs', async (t) => {
  const run = (seed: number, batchSize = 8, forkedFrom: unknown = null) => ({ forkedFrom, spec: { name: `s${seed}`, fit: { seed, batchSize } } }) as unknown as Run;
  const runs = [run(1), run(1, 16), run(2), run(3), run(9, 32)];
  const names = (some: readonly Run[]) => seedGroups(some).map((group) => group.map(({ spec }) => spec.name));
  t.same(names(runs), [['s1', 's2', 's3']]);
  t.same(names([run(1), run(1)]), [], 'the same seed again tells of no spread');
  t.same(names([run(1), run(2), run(1)]), [['s1', 's2']]);
  t.same(names([run(1), run(2, 8, { runId: 'a', step: 4 })]), [], 'nor does one that set out from elsewhere');
});

t.test('curves stand where they belong on each axis', async (t) => {
  const run = { progress: { totalSteps: 100, epochs: 4 }, spec: { fit: { batchSize: 10 } } } as unknown as Run;
  const at = (key: string, axis: 'step' | 'epoch' | 'examples', place: number) => placeOf(run, { key, axis })(place);
  t.same([at('epoch/val_loss', 'step', 2), at('epoch/loss', 'step', 2), at('epoch/val_loss', 'epoch', 2), at('batch/loss', 'examples', 30), at('epoch/val_loss', 'examples', 1)], [50, 37.5, 2, 300, 250]);
  t.same(curveKeysOf([{ metrics: { loss: 1, accuracy: 1, val_loss: 1, val_accuracy: 1 }, spec: {} } as unknown as Run]), ['epoch/val_loss', 'epoch/val_accuracy', 'epoch/loss', 'epoch/accuracy', 'batch/loss', 'batch/accuracy', 'batch/learning_rate']);
});

t.test('traces keep the range of each bucket, also beneath a smoothed line', async (t) => {
  const series = Series.of({ buckets: { from: [1, 3], to: [2, 4], count: [2, 2], nan: [0, 0], min: [1, 2], max: [5, 2], mean: [3, 2], last: [1, 2] } });
  const raw = columnsToTrace(series, { place: (step) => step * 2, smoothing: 0 });
  t.same([[...raw.x], [...raw.y], [...raw.low!], [...raw.high!]], [[3, 7], [3, 2], [1, 2], [5, 2]]);
  const smoothed = columnsToTrace(series, { place: (step) => step, smoothing: 0.5 });
  t.ok(smoothed.y[1]! > 2 && smoothed.y[1]! < 3);
  t.same([...smoothed.high!], [5, 2]);
  t.equal(columnsToTrace(Series.of({ points: { steps: [1, 2], values: [1, 'NaN'] } }), { place: (step) => step, smoothing: 0 }).low, null, 'single points have none');
});

t.test('of many curves only those that have grown are made anew', async (t) => {
  const maker = new TraceMaker();
  const series = Series.of({ points: { steps: [1], values: [5] } });
  const view = { view: 'loss by step', place: (step: number) => step, smoothing: 0 };
  const first = maker.make('a', series, view);
  t.equal(maker.make('a', series, view), first);
  series.add(2, 4);
  t.same([...maker.make('a', series, view).y], [5, 4]);
  t.same([...maker.make('a', series, { ...view, view: 'by example', place: (step: number) => step * 10 }).x], [10, 20]);
  t.equal(maker.make('b', undefined, view).x.length, 0);
});

t.test('a frame holds what is shown, on a line or by logarithm', async (t) => {
  const options = { zoom: null, log: false, cut: 0, withRanges: false, limits: [0, 1] as const };
  const one = [trace([1, 2, 4], [0.2, 0.4, NaN])];
  t.same(frameOf(one, options).x, [0, 4]);
  const { y: [low, high] } = frameOf(one, options);
  t.ok(low < 0.2 && low > 0.15 && high > 0.4 && high < 0.45);
  t.same(frameOf(one, { ...options, zoom: [2, 3] }).y.map((value) => value.toFixed(2)), ['0.36', '0.44']);
  t.same(frameOf([trace([1], [-1])], { ...options, log: true }), { x: [0, 1], y: [0.1, 10] });
  t.same(frameOf([], options), { x: [0, 1], y: [0, 1] });
  t.ok(frameOf([trace([1, 2], [1, 1], { low: Float64Array.of(-5, 1), high: Float64Array.of(9, 1) })], { ...options, limits: [-Infinity, Infinity], withRanges: true }).y[1] > 9, 'with the ranges where all is asked for');
  const long = [trace(Array.from({ length: 300 }, (_, at) => at), Array.from({ length: 300 }, (_, at) => (at === 0 ? 1000 : at === 1 ? -1000 : 1 + at / 1000)))];
  const free = { ...options, limits: [-Infinity, Infinity] as const };
  t.same(frameOf(long, free).y.map(Math.round), [-1100, 1100], 'everything');
  t.same(frameOf(long, { ...free, cut: 0.01 }).y.map(Math.round), [1, 1], 'without what would press it flat');
  t.ok(frameOf([trace([1, 2], [5, 500])], { ...free, cut: 0.01 }).y[1] > 500, 'of few values nothing is left out');
  t.same([-1, 1.4, 1.6, 9].map((place) => nearestPoint(Float64Array.of(0, 1, 2), place)), [0, 1, 2, 2]);
  t.equal(nearestPoint(new Float64Array(), 1), -1);
});

t.test('quantities have scales: numbers by line or logarithm, words apart', async (t) => {
  const scale = (values: (number | string | null)[]) => scaleOf({ values, format: String });
  t.match(scale([0.001, 0.1, null]), { kind: 'log', ticks: [{ at: 0 }, { at: 1 }] });
  t.match(scale([1, 3, 2]), { kind: 'linear', ticks: [{ at: 0, text: '1' }, { at: 0.5, text: '2' }, { at: 1, text: '3' }] });
  t.match(scale(['sgd', 'adam', null]), { kind: 'words', ticks: [{ at: 0, text: 'adam' }, { at: 1, text: 'sgd' }] });
  t.same([scale([5, 5]).place(5), scale(['a']).place('a'), scale([1, 2]).place(null), scale([1, 2]).place('x')], [0.5, 0.5, null, null]);
  t.equal(scale([0.001, 0.1]).textAt(0.5).slice(0, 5), '0.010', 'the middle of a logarithm');
  t.equal(scale(Array.from({ length: 50 }, (_, at) => at)).ticks.length, 5);
});

t.test('brushes keep what lies within all of them', async (t) => {
  const runs = [0.1, 0.2, 0.3].map((rate, at) => ({ metrics: at === 2 ? {} : { loss: at }, spec: { optimizer: { learningRate: rate } }, progress: {}, transitions: [] }) as unknown as Run);
  const quantities = quantitiesOf(runs, [{ path: 'optimizer.learningRate', values: [0.1, 0.2, 0.3] }], 0);
  t.same(quantities.map(({ key }) => key), ['spec.optimizer.learningRate', 'metrics.loss']);
  const axes = quantities.map((quantity) => ({ quantity, scale: scaleOf(quantity) }));
  const kept = (brushes: [string, Span][]) => [0, 1, 2].filter((index) => passes(index, new Map(brushes), axes));
  t.same(kept([]), [0, 1, 2]);
  t.same(kept([['spec.optimizer.learningRate', [0.2, 0.3]]]), [1, 2]);
  t.same(kept([['spec.optimizer.learningRate', [0.15, 7]]]), [1, 2], 'also beyond the ends of the axis');
  t.same(kept([['metrics.loss', [0, 1]]]), [0, 1], 'a run without a value lies nowhere');
  t.same(kept([['spec.optimizer.learningRate', [0.2, 0.3]], ['metrics.loss', [0, 0.5]]]), []);
  const words = { quantity: { ...quantities[0]!, values: ['sgd', 'adam', 'rmsprop'] }, scale: scaleOf({ values: ['sgd', 'adam', 'rmsprop'], format: String }) };
  t.same([0, 1, 2].filter((index) => passes(index, new Map([[words.quantity.key, ['adam', 'rmsprop'] as const]]), [words])), [1, 2]);
  t.same([words.scale.valueAt(0.4), axes[0]!.scale.valueAt(0.5)], ['rmsprop', 0.2]);
});

t.test('the address keeps runs, those hidden, and spans', async (t) => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  t.same(RUN_IDS.read(`${id},nonsense,${id}`), [id]);
  t.equal(RUN_IDS.read(Array.from({ length: 120 }, (_, at) => `${String(at).padStart(8, '0')}${id.slice(8)}`).join()).length, 100);
  t.same([RUN_IDS.write([]), HIDDEN.write(['aaaaaaaa', '00000001']), HIDDEN.read('aaaaaaaa.00000001.x')], [null, 'aaaaaaaa.00000001', ['aaaaaaaa', '00000001']]);
  const brushes = new Map<string, Span>([['spec.fit.batchSize', [32, 64]], ['metrics.loss', [0.979200005531311, 1e-7]], ['spec.name', ['a~b,c=1', 'ü']]]);
  t.equal(BRUSHES.write(brushes), 'spec.fit.batchSize~32~64,metrics.loss~0.979200005531~1e-7,spec.name~=a%7Eb%2Cc%3D1~=%C3%BC');
  t.same([...BRUSHES.read(BRUSHES.write(brushes))], [['spec.fit.batchSize', [32, 64]], ['metrics.loss', [0.979200005531, 1e-7]], ['spec.name', ['a~b,c=1', 'ü']]]);
  t.same([...BRUSHES.read('a~0~0.5,b~x~3,~0~1,x,c~1,d~1~2~3,e~~2')], [['a', [0, 0.5]]]);
  t.same([...BRUSHES.read('a~=%~=b,b~=%E0%A4~1')], [], 'nor what is no text');
});

t.test('the best run lies within a span up to it, also after the address was read again', async (t) => {
  const values = [0.9791234123, 0.97924998999];
  const scale = scaleOf({ values, format: String, isMeasured: true });
  const quantity = { key: 'metrics.accuracy', label: 'accuracy', values, format: String };
  const brushes = BRUSHES.read(BRUSHES.write(new Map([[quantity.key, [scale.valueAt(0.5), scale.valueAt(1)] as Span]])));
  t.same([0, 1].filter((index) => passes(index, brushes, [{ quantity, scale }])), [1]);
});
