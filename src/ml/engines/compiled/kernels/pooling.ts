// Pooling and its gradients, on `[batch, channels, height, width]`.
import type { Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import type { Traced } from '../traced.js';
import type { KernelRule } from '../tracer.js';
import { channelsFirst, convTranspose, fromChannelsFirst } from './convolution-channels-first.js';
import { padsOf, poolingOf, type Convolution } from './convolution-geometry.js';

const attributesOf = (at: Convolution) => ({ kernel_shape: at.kernel, strides: at.strides, pads: padsOf(at) });
const outputOf = (at: Convolution): number[] => [at.batch, at.outChannels, ...at.output];

const pool =
  (op: 'MaxPool' | 'AveragePool'): KernelRule =>
  ({ inputs: { x }, attrs, layouts }) => {
    const at = poolingOf(x!.shape, attrs);
    return fromChannelsFirst(layouts, layouts.graph.add(op, [channelsFirst(layouts, x!)], { shape: outputOf(at), attributes: attributesOf(at) }));
  };

/** Each number of `dy` goes to the first place where its window was greatest, as in TF.js. */
function maxGradient(layouts: Layouts, dy: Traced, x: Traced, at: Convolution): Value {
  const { graph } = layouts;
  const shape = outputOf(at);
  const image = channelsFirst(layouts, x);
  const [, places] = graph.addMany('MaxPool', [image], { outputs: [{ shape, type: 'float32' }, { shape, type: 'int64' }], attributes: attributesOf(at) }) as [Value, Value];
  const size = [x.size];
  const zeros = graph.add('Expand', [graph.scalar(0), graph.ints(size)], { shape: size });
  const flat = (value: Value): Value => graph.reshape(value, [dy.size]);
  const sums = graph.add('ScatterElements', [zeros, flat(places), flat(channelsFirst(layouts, dy))], { shape: size, attributes: { axis: 0, reduction: 'add' } });
  return graph.reshape(sums, image.shape);
}

export const poolingRules: Readonly<Record<string, KernelRule>> = {
  AvgPool: pool('AveragePool'),
  AvgPoolGrad: ({ inputs: { dy, input }, attrs, layouts }) => {
    const at = poolingOf(input!.shape, attrs);
    const share = new Float32Array(at.inChannels * at.kernel[0] * at.kernel[1]).fill(1 / (at.kernel[0] * at.kernel[1]));
    const window = layouts.graph.constant(share, 'float32', [at.inChannels, 1, ...at.kernel]);
    return fromChannelsFirst(layouts, convTranspose(layouts, channelsFirst(layouts, dy!), window, at, at.inChannels));
  },
  MaxPool: pool('MaxPool'),
  MaxPoolGrad: ({ inputs: { dy, input }, attrs, layouts }) => fromChannelsFirst(layouts, maxGradient(layouts, dy!, input!, poolingOf(input!.shape, attrs))),
};
