// Every activation trains in the compiled engine to the numbers of the eager one: as a layer, and as the argument of a
// layer, where TF.js may fuse it with a product or a convolution.
import t from 'tap';
import { ACTIVATIONS } from '../../../src/schemas/layers.js';
import { assertParity, openRuntimes } from '../../helpers/engine-parity.js';

// Without blocks these are the plain operators that other tests run.
const runtimes = (await openRuntimes()).slice(0, 1);

for (const activation of ACTIVATIONS) {
  t.test(`${activation} trains compiled as it does eagerly`, async (t) => {
    const asLayer = { layers: [{ type: 'conv2d' as const, filters: 5, kernelSize: 2, strides: 2 }, { type: 'activation' as const, activation }, { type: 'flatten' as const }, { type: 'dense' as const, units: 3 }] };
    await assertParity(t, 'a layer of it', { model: { model: asLayer, inputShape: [9, 7, 3] }, runtimes });
    const asArgument = {
      layers: [
        { type: 'conv2d' as const, filters: 18, kernelSize: 2, strides: 3, activation },
        { type: 'depthwiseConv2d' as const, kernelSize: 2, activation },
        { type: 'flatten' as const },
        { type: 'dense' as const, units: 5, activation },
        { type: 'dense' as const, units: 3 },
      ],
    };
    await assertParity(t, 'it behind convolutions and products', { model: { model: asArgument, inputShape: [9, 7, 3] }, runtimes });
  });
}
