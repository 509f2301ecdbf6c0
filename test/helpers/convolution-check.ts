// One convolution and its two gradients as a graph of their own, run on ONNX Runtime; and the convolution as loops.
import { GraphBuilder, type Value } from '../../src/ml/engines/compiled/graph.js';
import type { Convolution } from '../../src/ml/engines/compiled/kernels/convolution-geometry.js';
import { encodeModel } from '../../src/ml/engines/compiled/onnx.js';
import type { Runtime } from '../../src/ml/engines/compiled/runtime.js';
import { Layouts } from '../../src/ml/engines/compiled/layouts.js';
import { Traced } from '../../src/ml/engines/compiled/traced.js';

/** One way to compute a convolution. */
export interface Formulation {
  convolve(layouts: Layouts, at: Convolution, tensors: { x: Traced; filter: Traced }): Traced;
  inputGradient(layouts: Layouts, at: Convolution, tensors: { dy: Traced; filter: Traced }): Traced;
  filterGradient(layouts: Layouts, at: Convolution, tensors: { x: Traced; dy: Traced }): Traced;
}

export interface Shapes {
  x: readonly number[];
  filter: readonly number[];
  dy: readonly number[];
}

type Arrays = Record<'x' | 'filter' | 'dy', Float32Array>;
export interface Computed {
  y: Float32Array;
  dx: Float32Array;
  dFilter: Float32Array;
}

/** An image that is there in blocks alone, with sevens in the padding of the channels, where anything may be. */
function blockedWithPadding(layouts: Layouts, image: Value): Traced {
  const { graph } = layouts;
  const seven = graph.scalar(7);
  const shifted = graph.add('Sub', [image, seven], { shape: image.shape });
  const blocked = layouts.blocked(new Traced(image.shape, 'float32', { plain: shifted }));
  return new Traced(image.shape, 'float32', { blocked: graph.add('Add', [blocked, seven], { shape: blocked.shape }) });
}

/** A session that computes the convolution and both gradients. The images come in blocks where `inBlocks`. */
export async function openConvolution(runtime: Runtime, at: Convolution, { formulation, shapes, inBlocks }: { formulation: Formulation; shapes: Shapes; inBlocks: boolean }) {
  const graph = new GraphBuilder();
  const layouts = new Layouts(graph, runtime.block);
  const input = (name: keyof Shapes): Value => graph.input(name, { shape: shapes[name], type: 'float32' });
  const image = (value: Value): Traced => (inBlocks ? blockedWithPadding(layouts, value) : new Traced(value.shape, 'float32', { plain: value }));
  const [x, dy] = [image(input('x')), image(input('dy'))];
  const filter = new Traced(shapes.filter, 'float32', { plain: input('filter') });
  graph.output('y', layouts.full(formulation.convolve(layouts, at, { x, filter })));
  graph.output('dx', layouts.full(formulation.inputGradient(layouts, at, { dy, filter })));
  graph.output('dFilter', layouts.full(formulation.filterGradient(layouts, at, { x, dy })));
  const session = await runtime.open(encodeModel(graph.finish()));
  return {
    async run(arrays: Arrays): Promise<Computed> {
      const feeds = Object.fromEntries((['x', 'filter', 'dy'] as const).map((name) => [name, new runtime.Tensor('float32', arrays[name], shapes[name])]));
      const outputs = await session.run(feeds);
      return Object.fromEntries(['y', 'dx', 'dFilter'].map((name) => [name, outputs[name]!.data])) as unknown as Computed;
    },
    close: () => session.release(),
  };
}

/** By definition; a channel out of a depthwise convolution reads one channel in. */
export function convolveByLoops(at: Convolution, { x, filter }: Pick<Arrays, 'x' | 'filter'>, { isDepthwise = false } = {}): Float64Array {
  const { batch, input, output, kernel, strides, dilations, before, inChannels, outChannels } = at;
  const [inHeight, inWidth] = input;
  const multiplier = outChannels / inChannels;
  const y = new Float64Array(batch * output[0] * output[1] * outChannels);
  let place = 0;
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < output[0]; i++) {
      for (let j = 0; j < output[1]; j++) {
        for (let out = 0; out < outChannels; out++) {
          let sum = 0;
          for (let k = 0; k < kernel[0]; k++) {
            const row = i * strides[0] + k * dilations[0] - before[0];
            if (row < 0 || row >= inHeight) continue;
            for (let l = 0; l < kernel[1]; l++) {
              const column = j * strides[1] + l * dilations[1] - before[1];
              if (column < 0 || column >= inWidth) continue;
              const pixel = ((b * inHeight + row) * inWidth + column) * inChannels;
              const tap = (k * kernel[1] + l) * inChannels;
              if (isDepthwise) sum += x[pixel + Math.floor(out / multiplier)]! * filter[tap * multiplier + out]!;
              else for (let c = 0; c < inChannels; c++) sum += x[pixel + c]! * filter[(tap + c) * outChannels + out]!;
            }
          }
          y[place++] = sum;
        }
      }
    }
  }
  return y;
}
