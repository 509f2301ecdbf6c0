// The parts of a run's page that need no screen: the drawing of a model, what happened when, what is advised, what one
// may do, and the lines of a log.
import t from 'tap';
import { RETRIES } from '../../../src/runs/retry-policy.js';
import type { Run } from '../../../src/dashboard/api/types.js';
import { RunClock } from '../../../src/dashboard/live/run-clock.js';
import { Series } from '../../../src/dashboard/live/series.js';
import { allowedActions, parseTags, statesOf, wholeFrom1 } from '../../../src/dashboard/pages/run/actions/allowed.js';
import { adviceFor, FAILURES, type AdvisedRun } from '../../../src/dashboard/pages/run/advice/advice.js';
import { spanToRead } from '../../../src/dashboard/pages/run/fine-span.js';
import { filterLines, linesOf, piecesOf, type LogEvent } from '../../../src/dashboard/pages/run/log/log-lines.js';
import { layOut, NODE } from '../../../src/dashboard/pages/run/model/graph-layout.js';
import { inputsOf } from '../../../src/dashboard/pages/run/model/layer-inputs.js';
import { kindOf } from '../../../src/dashboard/pages/run/model/layer-kinds.js';
import { curvesOf, hasMore, type Sample } from '../../../src/dashboard/pages/run/system/samples.js';
import { endingAt, happeningsOf, marksOf, near, phaseAt, phasesOf, ticksOf, type Event } from '../../../src/dashboard/pages/run/timeline/happenings.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const layer = (name: string, type: string, outputShape: number[] | null = [10], parameterCount = 0) => ({ name, type, outputShape, parameterCount });

t.test('a chain of layers is drawn from top to bottom, with shapes between', async (t) => {
  const layers = [layer('input', 'input', [28, 28, 1]), layer('flatten', 'flatten', [784]), layer('dense', 'dense', [10], 7850)];
  const graph = layOut(layers, inputsOf(layers.map(({ name }) => name), { layers: [] }));
  t.same(graph.nodes.map(({ kind }) => kind), ['input', 'shape', 'dense']);
  t.same(graph.edges.map(({ label }) => label.text), ['28 × 28 × 1', '784', '10'], 'and what comes out in the end');
  t.ok(graph.nodes.every(({ y }, index) => index === 0 || y > graph.nodes[index - 1]!.y + NODE.height));
  t.equal(graph.nodes[2]?.share, 1, 'all parameters are in the dense layer');
  t.ok(graph.width < 340, 'it fits on a phone');
});

t.test('branches stand side by side, and what skips a layer goes round', async (t) => {
  const reference = (name: string) => [name, 0, 0, {}];
  const topology = { class_name: 'Functional', config: { layers: [
    { name: 'in', inbound_nodes: [] },
    { name: 'a', inbound_nodes: [[reference('in')]] },
    { name: 'b', inbound_nodes: [{ args: [{ class_name: '__keras_tensor__', config: { keras_history: ['in', 0, 0] } }], kwargs: {} }] },
    { name: 'add', inbound_nodes: [[reference('a'), reference('b'), reference('in')]] },
  ] } };
  const layers = [layer('in', 'input'), layer('a', 'dense'), layer('b', 'dense'), layer('add', 'add')];
  const inputs = inputsOf(layers.map(({ name }) => name), { topology: { modelTopology: topology } });
  t.same(Object.fromEntries(inputs), { in: [], a: ['in'], b: ['in'], add: ['a', 'b', 'in'] }, 'in the dialects of Keras 2 and 3');
  const graph = layOut(layers, inputs);
  const [, a, b] = graph.nodes;
  t.equal(a!.y, b!.y);
  t.ok(b!.x >= a!.x + NODE.width);
  t.equal(graph.edges.length, 6);
  t.match(graph.edges.find(({ key }) => key === 'in to add'), { label: { anchor: 'end' } });
  t.same(['separableConv2d', 'globalMaxPooling2d', 'layerNormalization', 'leakyReLU', 'made_up'].map(kindOf), ['convolution', 'pooling', 'normalization', 'activation', 'other']);
  t.same([...inputsOf(['x', 'y'], { topology: { class_name: 'Sequential', config: [{}] } })], [['x', []], ['y', ['x']]], 'a sequential topology is a chain');
});

t.test('a clock knows the step of a moment', async (t) => {
  const clock = new RunClock();
  t.equal(clock.startMs, null);
  t.equal(clock.stepAt(5), 0);
  for (const [step, time] of [[0, 1000], [10, 2000], [10, 5000], [20, 6000]] as const) clock.note(step, time);
  t.equal(clock.startMs, 1000);
  t.same([500, 1000, 1500, 2500, 4999, 5500, 9000].map((time) => clock.stepAt(time)), [0, 0, 5, 10, 10, 15, 20], 'a pause is one step');
});

t.test('events and phases stand where they happened', async (t) => {
  const events = [
    { seq: 1, kind: 'state', at: at(0), data: { state: 'queued', attempt: 0 } },
    { seq: 2, kind: 'state', at: at(1), data: { state: 'running', attempt: 1 } },
    { seq: 5, kind: 'checkpoint', at: at(4), data: { attempt: 1, kind: 'resume', epoch: 0, step: 30, metrics: {} } },
    { seq: 6, kind: 'warning', at: at(4), data: { code: 'engine_fallback', message: 'no' } },
    { seq: 9, kind: 'state', at: at(9), data: { state: 'paused', reason: 'user_pause', attempt: 1 } },
  ] as unknown as Event[];
  const placeOf = (timeMs: number, step?: number) => step ?? (timeMs - Date.parse(at(0))) / 100;
  const happenings = happeningsOf(events, placeOf);
  t.same(happenings.map(({ place }) => place), [0, 10, 30, 40, 90], 'a checkpoint knows its step');
  const phases = endingAt(phasesOf(events, placeOf), 120);
  t.same(phases, [{ state: 'queued', from: 0, to: 10 }, { state: 'running', from: 10, to: 90 }, { state: 'paused', from: 90, to: 120 }]);
  t.same(near(happenings, 33, 8).map(({ seq }) => seq), [5, 6]);
  t.equal(phaseAt(phases, 50)?.state, 'running');
  t.same(happenings.map(({ text }) => text).slice(2), ['Its state is kept at step 30.', 'Engine fallback: no', 'Paused, user pause']);
  t.same(marksOf(happenings, 90).map(({ place }) => place), [10, 40], 'marks are within the axis, and no checkpoints');
  const many = Array.from({ length: 20_000 }, (_, seq) => ({ ...happenings[2]!, seq, place: seq / 200 }));
  t.ok(ticksOf(many, [0, 100]).length <= 1001, 'of ticks that nobody could tell apart there is one');
  t.same(ticksOf(happenings, [20, 60]).map(({ seq }) => seq), [5, 6], 'of what is seen');
});

t.test('what is warned of is explained once, with a change where one helps', async (t) => {
  const run = { state: 'failed', reason: 'non_finite_loss', message: 'loss became NaN at step 7', gradientAccumulationSteps: 2, spec: { optimizer: { type: 'sgd' }, fit: { batchSize: 128, epochs: 1 } } } as unknown as AdvisedRun;
  const warning = (code: string, message: string) => ({ seq: 1, kind: 'warning', at: at(0), data: { code, message } }) as unknown as Event;
  const advice = adviceFor(run, [warning('gradient_accumulation', 'two'), warning('gradient_accumulation', 'four'), warning('from_the_future', 'hm')]);
  t.match(advice, [
    { code: 'non_finite_loss', tone: 'failed', change: { patch: { optimizer: { learningRate: 0.001 } } } },
    { code: 'gradient_accumulation', message: 'four', times: 2, change: { patch: { fit: { batchSize: 64 } } } },
    { code: 'from_the_future', title: 'From the future', means: null, change: null },
  ]);
  t.same(Object.keys(RETRIES).filter((reason) => FAILURES[reason] === undefined), [], 'every cause of failure is explained');
});

t.test('samples are read on when there are more, also where there were none', async (t) => {
  const read = [{ seq: 4 }, { seq: 9 }] as Sample[];
  t.same([hasMore([], 0), hasMore([], 5), hasMore(read, 9), hasMore(read, 12)], [false, true, false, true]);
});

t.test('of a long curve the part that is zoomed into is read again, unless all of it is known or it grows', async (t) => {
  const bucket = (from: number) => ({ from, to: from + 9, count: 10, nan: 0, min: 0, max: 1, mean: 0.5, last: 0.5 });
  const told = Array.from({ length: 100 }, (_, at) => bucket(1 + at * 10));
  const column = (name: keyof ReturnType<typeof bucket>) => told.map((one) => one[name]);
  const series = Series.of({ buckets: { from: column('from'), to: column('to'), count: column('count'), nan: column('nan'), min: column('min'), max: column('max'), mean: column('mean'), last: column('last') } });
  t.same(spanToRead(series, { from: 100.4, to: 200 }, true), { from: 75, to: 225 }, 'with some beside it');
  t.same(spanToRead(series, { from: 0, to: 40 }, true), { from: 0, to: 50 });
  t.equal(spanToRead(series, { from: 900, to: 1100 }, false), null, 'it grows there');
  t.same(spanToRead(series, { from: 900, to: 1100 }, true), { from: 850, to: 1150 });
  for (let step = 1001; step <= 1050; step += 1) series.add(step, 1);
  t.equal(spanToRead(series, { from: 1010, to: 1040 }, false), null, 'each point is known');
  t.equal(spanToRead(new Series(), { from: 1, to: 4 }, true), null);
});

t.test('only what state and rights allow is offered', async (t) => {
  const offered = (state: string, { mayChange = true, maySubmit = true, hasStates = true } = {}) => [...allowedActions({ state } as Run, { mayChange, maySubmit, hasStates })];
  t.same(offered('running'), ['pause', 'cancel', 'clone', 'fork', 'edit', 'share']);
  t.same(offered('succeeded'), ['extend', 'clone', 'fork', 'edit', 'share', 'delete']);
  t.same(offered('succeeded', { hasStates: false }), ['clone', 'edit', 'share', 'delete']);
  t.same(offered('failed', { mayChange: false }), ['clone'], 'of another team');
  t.same(offered('failed', { mayChange: false, maySubmit: false }), [], 'who only looks');
  t.same(statesOf([{ path: 'checkpoints/step-000000900.safetensors' }, { path: 'model/model.json' }, { path: 'checkpoints/step-000000010.safetensors' }]), [10, 900]);
  t.same(parseTags(' a, b ,, a'), ['a', 'b']);
  t.same(['3', ' 12 ', '0', '1.5', '', 'x'].map(wholeFrom1), [3, 12, null, null, null, null]);
});

t.test('a log is lines of one height, found by level and text', async (t) => {
  const log = (seq: number, level: string, message: string) => ({ seq, kind: 'log', at: at(seq), data: { level, message } }) as unknown as LogEvent;
  const lines = [log(1, 'info', 'Epoch one'), log(2, 'error', 'Error: no\n\tat train\n'), { seq: 3, kind: 'warning', at: at(3), data: { code: 'checkpoint_failed', message: 'full' } } as unknown as LogEvent].flatMap(linesOf);
  t.same(lines.map(({ key, level, text }) => [key, level, text]), [['1.0', 'info', 'Epoch one'], ['2.0', 'error', 'Error: no'], ['2.1', 'error', '    at train'], ['3.0', 'warn', 'Checkpoint failed: full']]);
  t.equal(lines[2]?.time, '', 'what continues a message has no time');
  t.equal(filterLines(lines, { least: 'debug', query: '' }), lines);
  t.same(filterLines(lines, { least: 'warn', query: 'A' }).map(({ key }) => key), ['2.1', '3.0']);
  t.same(piecesOf('An anchor', 'an'), ['', 'An', ' ', 'an', 'chor']);
  t.same(piecesOf('text', ''), ['text']);
});

t.test('samples of a trainer are curves over time', async (t) => {
  const sample = (second: number, rssBytes: number, tensorBytes?: number) => ({ seq: second, kind: 'system', at: at(second), data: { attempt: 1, rssBytes, cpuPercent: 90, ...(tensorBytes === undefined ? {} : { tensorBytes }) } }) as unknown as Sample;
  const { rss, tensors, cpu, seconds } = curvesOf([sample(1, 5), sample(6, 7, 2), sample(5, 8)]);
  t.same([rss.total, tensors.total, cpu.last, seconds], [3, 1, 90, 5.1], 'also where a clock goes back');
  t.same([...rss.to.slice(0, 3)], [1, 50, 51]);
  t.equal(curvesOf([]).seconds, 0);
});
