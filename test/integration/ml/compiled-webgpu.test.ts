// The compiled engine on ONNX Runtime's webgpu provider, with whatever Vulkan driver there is: a GPU's, or the software
// one that comes with Chromium. A check that it computes the same, not of its speed.
import t from 'tap';
import { createCompiledEngine, openRuntime, type Provider } from '../../../src/ml/engines/compiled/engine.js';
import type { Layer } from '../../../src/schemas/layers.js';
import { batchesOf, examplesOf, specOf, type ParityModel } from '../../helpers/engine-parity.js';
import { offerVulkan } from '../../helpers/vulkan.js';

const skip = offerVulkan();

async function trained(provider: Provider, parity: ParityModel): Promise<number[]> {
  const session = await createCompiledEngine(specOf(parity), await openRuntime({ provider, threads: 1 }));
  try {
    const examples = examplesOf(parity);
    session.bind('train', examples);
    session.bind('validation', examples);
    const losses = (await session.train(batchesOf(parity))).map(({ loss }) => loss);
    const { loss } = await session.evaluate('validation', 5);
    return [...losses, loss, ...(await session.predict(examples.x, 3))];
  } finally {
    session.dispose();
  }
}

const DENSE: Layer[] = [{ type: 'flatten' }, { type: 'dense', units: 16, activation: 'relu' }, { type: 'dropout', rate: 0.3 }, { type: 'dense', units: 3 }];
const CONVOLUTIONS: Layer[] = [
  { type: 'conv2d', filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
  { type: 'batchNormalization' },
  { type: 'flatten' },
  { type: 'dense', units: 3 },
];
const MODELS: Record<string, Pick<ParityModel, 'model' | 'gradientAccumulationSteps'>> = {
  'a dense model': { model: { layers: DENSE } },
  'a convolutional model, in parts of its batches,': { model: { layers: CONVOLUTIONS }, gradientAccumulationSteps: 2 },
};
for (const [what, model] of Object.entries(MODELS)) {
  t.test(`${what} trains on webgpu as on cpu`, { skip }, async (t) => {
    const parity: ParityModel = { ...model, inputShape: [6, 7, 2], steps: 6, optimizer: { type: 'adam' } };
    const [expected, actual] = [await trained('cpu', parity), await trained('webgpu', parity)];
    const distance = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? NaN)) / Math.max(1, Math.abs(value))));
    t.ok(distance < 1e-3, `the numbers differ by ${distance}`);
    t.not(expected[0], expected[5], 'and it learns');
  });
}
