// Convolution kernels: blocked where the runtime can, channels first elsewhere.
import type { Layouts } from '../layouts.js';
import type { KernelRule } from '../tracer.js';
import * as blocked from './convolution-blocked.js';
import * as channelsFirst from './convolution-channels-first.js';
import { convolutionOf } from './convolution-geometry.js';
import { activated } from './matrix.js';

const waysOf = ({ block }: Layouts) => (block === null ? channelsFirst : blocked);

const forward: KernelRule = ({ inputs: { x, filter, bias }, attrs, layouts }) => {
  const at = convolutionOf(x!.shape, filter!.shape, attrs);
  return activated(layouts, waysOf(layouts).convolve(layouts, at, { x: x!, filter: filter!, bias }), attrs.activation);
};

const depthwise: KernelRule = ({ inputs: { x, filter, bias }, attrs, layouts }) => {
  const at = convolutionOf(x!.shape, filter!.shape, { ...attrs, isDepthwise: true });
  return activated(layouts, channelsFirst.convolveDepthwise(layouts, at, { x: x!, filter: filter!, bias }), attrs.activation);
};

const shapeOf = (shape: unknown): number[] => [...(shape as readonly number[])];

export const convolutionRules: Readonly<Record<string, KernelRule>> = {
  Conv2D: forward,
  FusedConv2D: forward,
  Conv2DBackpropInput: ({ inputs: { dy, filter }, attrs, layouts }) =>
    waysOf(layouts).inputGradient(layouts, convolutionOf(shapeOf(attrs.inputShape), filter!.shape, attrs), { dy: dy!, filter: filter! }),
  Conv2DBackpropFilter: ({ inputs: { x, dy }, attrs, layouts }) =>
    waysOf(layouts).filterGradient(layouts, convolutionOf(x!.shape, shapeOf(attrs.filterShape), attrs), { x: x!, dy: dy! }),
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: depthwise,
  DepthwiseConv2dNativeBackpropInput: ({ inputs: { dy, filter }, attrs, layouts }) =>
    channelsFirst.depthwiseInputGradient(layouts, convolutionOf(shapeOf(attrs.inputShape), filter!.shape, { ...attrs, isDepthwise: true }), { dy: dy!, filter: filter! }),
  DepthwiseConv2dNativeBackpropFilter: ({ inputs: { x, dy }, attrs, layouts }) =>
    channelsFirst.depthwiseFilterGradient(layouts, convolutionOf(x!.shape, shapeOf(attrs.filterShape), { ...attrs, isDepthwise: true }), { x: x!, dy: dy! }),
};
