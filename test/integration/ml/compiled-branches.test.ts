// Layers that join branches train in the compiled engine to the numbers of the eager one: on images of whole and of
// broken blocks of channels, on images beside vectors, and where one side is repeated along an axis.
import t from 'tap';
import { assertParity, openRuntimes } from '../../helpers/engine-parity.js';

type Config = Record<string, unknown>;
/** Name, class, config, and the layers that it reads. */
type Row = [name: string, className: string, config: Config, inputs: string[]];

/** A functional model as Keras 2 writes it. */
function topologyOf(rows: readonly Row[]): { topology: Config } {
  const layers = rows.map(([name, class_name, config, inputs]) => ({
    class_name, name, config: { name, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((from) => [from, 0, 0, {}])],
  }));
  return { topology: { class_name: 'Functional', config: { name: 'm', layers, input_layers: [[rows[0]![0], 0, 0]], output_layers: [[rows.at(-1)![0], 0, 0]] }, keras_version: '2.15.0' } };
}

const INPUT = [7, 5, 3];
const image: Row = ['image', 'InputLayer', { batch_input_shape: [null, ...INPUT] }, []];
const conv = (name: string, filters: number, more: Config = {}, from = 'image'): Row => [name, 'Conv2D', { filters, kernel_size: 2, strides: 2, ...more }, [from]];
const head = (from: string): Row[] => [['flat', 'Flatten', {}, [from]], ['out', 'Dense', { units: 3 }, ['flat']]];

// Without blocks these are the plain operators that other tests run.
const runtimes = (await openRuntimes()).slice(0, 1);

for (const join of ['Add', 'Multiply', 'Average', 'Maximum', 'Minimum']) {
  t.test(`${join} trains compiled as it does eagerly`, async (t) => {
    const models: Record<string, Row[]> = {
      'of three images': [image, conv('a', 18), conv('b', 18, { activation: 'tanh' }), conv('narrow', 4), ['c', 'Dense', { units: 18 }, ['narrow']], ['join', join, {}, ['a', 'b', 'c']], ...head('join')],
      'of an image and itself in part': [image, conv('a', 5), ['b', 'ReLU', {}, ['a']], ['join', join, {}, ['a', 'b']], conv('c', 4, { strides: 1 }, 'join'), ...head('c')],
      'by one channel': [image, conv('a', 18), conv('gate', 1, { activation: 'sigmoid' }), ['join', join, {}, ['a', 'gate']], ...head('join')],
      'of one channel': [image, conv('gate', 1, { activation: 'sigmoid' }), conv('a', 18), ['join', join, {}, ['gate', 'a']], ...head('join')],
      'by one number for each channel': [
        image, conv('a', 18), ['pool', 'GlobalAveragePooling2D', {}, ['a']], ['squeeze', 'Dense', { units: 18, activation: 'sigmoid' }, ['pool']],
        ['excite', 'Reshape', { target_shape: [1, 1, 18] }, ['squeeze']], ['join', join, {}, ['a', 'excite']], ...head('join'),
      ],
      'of vectors': [image, ['flat', 'Flatten', {}, ['image']], ['a', 'Dense', { units: 6 }, ['flat']], ['b', 'Dense', { units: 6, activation: 'relu' }, ['flat']], ['join', join, {}, ['a', 'b']], ['out', 'Dense', { units: 3 }, ['join']]],
    };
    for (const [title, rows] of Object.entries(models)) {
      // TF.js' gradients of these two do not sum over the axis that was repeated.
      if (title.includes('one') && ['Maximum', 'Minimum'].includes(join)) continue;
      await assertParity(t, title, { model: { model: topologyOf(rows), inputShape: INPUT }, runtimes });
    }
  });
}

t.test('Concatenate trains compiled as it does eagerly', async (t) => {
  const models: Record<string, Row[]> = {
    'of channels': [image, conv('a', 18), conv('b', 5, { activation: 'relu' }), conv('c', 16), ['join', 'Concatenate', {}, ['a', 'b', 'c']], conv('d', 4, { strides: 1 }, 'join'), ...head('d')],
    'of rows': [image, conv('a', 5), conv('b', 5, { kernel_size: [3, 2], padding: 'valid' }), ['join', 'Concatenate', { axis: 1 }, ['a', 'b']], ...head('join')],
    'of vectors': [image, ['flat', 'Flatten', {}, ['image']], ['a', 'Dense', { units: 6 }, ['flat']], ['b', 'Dense', { units: 2, activation: 'relu' }, ['flat']], ['join', 'Concatenate', {}, ['a', 'b', 'flat']], ['out', 'Dense', { units: 3 }, ['join']]],
  };
  for (const [title, rows] of Object.entries(models)) await assertParity(t, title, { model: { model: topologyOf(rows), inputShape: INPUT }, runtimes });
});
