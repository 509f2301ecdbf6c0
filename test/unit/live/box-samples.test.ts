// Samples on their way: whole where they fit, else in parts that are put together again.
import t from 'tap';
import { encodeSamples, SamplesReader, type BoxSamples } from '../../../src/live/box-samples.js';
import { testRunSample, testSamples } from '../../fakes/devices.js';

const id = (index: number) => `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`;
const large = (at = 'now', worker = 'w1'): BoxSamples => testSamples({ worker, at, runs: Array.from({ length: 100 }, (_, index) => testRunSample(id(index))) });
const read = (reader: SamplesReader, parts: readonly string[]) => parts.map((part) => reader.take(part)).filter((whole) => whole !== null);

t.test('what fits goes in one', async (t) => {
  const samples = testSamples({ runs: [testRunSample(id(1))] });
  const parts = encodeSamples(samples, 7_999);
  t.equal(parts.length, 1);
  t.strictSame(read(new SamplesReader(), parts), [samples]);
  const empty = testSamples({ devices: [] });
  t.strictSame(read(new SamplesReader(), encodeSamples(empty, 7_999)), [empty], 'also where there is nothing');
});

t.test('what does not goes in parts', async (t) => {
  const parts = encodeSamples(large(), 7_999);
  t.ok(parts.length > 1 && parts.length < 5, `${parts.length} parts`);
  for (const part of parts) t.ok(Buffer.byteLength(part) <= 7_999, `${Buffer.byteLength(part)} bytes`);
  t.strictSame(read(new SamplesReader(), parts), [large()], 'and comes whole');
  t.strictSame(read(new SamplesReader(), [...parts].reverse()), [large()], 'in whatever order');
  t.strictSame(read(new SamplesReader(), [parts[0]!, ...parts]), [large()], 'or twice');
});

t.test('what lost a part is not heard, and what follows is', async (t) => {
  const reader = new SamplesReader();
  t.strictSame(read(reader, encodeSamples(large('1'), 7_999).slice(1)), []);
  t.strictSame(read(reader, encodeSamples(large('2'), 7_999)), [large('2')]);
});

t.test('parts of several boxes may come between one another', async (t) => {
  const [one, two] = [encodeSamples(large('1', 'a'), 7_999), encodeSamples(large('1', 'b'), 7_999)];
  t.same(read(new SamplesReader(), one.flatMap((part, index) => [part, two[index]!])).map(({ worker }) => worker), ['a', 'b']);
});

t.test('what is no sample is passed over', async (t) => {
  for (const text of ['', 'null', '1', '{}', '{"worker":"a","parts":1}', '{"worker":']) t.equal(new SamplesReader().take(text), null, text);
  const wide = testSamples({ runs: [testRunSample(id(1), { deviceIds: Array.from({ length: 500 }, (_, index) => `gpu:${index}`) }), testRunSample(id(2))] });
  t.same(read(new SamplesReader(), encodeSamples(wide, 2_000)).map(({ runs }) => runs.length), [1], 'what cannot be carried at all is left out');
});
