// The table: TF.js kernel -> ONNX nodes. A kernel that is not here cannot be captured; a new one is a function of its
// traced inputs and attributes in the file where its like are.
import type { KernelRule } from '../tracer.js';
import { constantRules } from './constants.js';
import { convolutionRules } from './convolution.js';
import { elementwiseRules } from './elementwise.js';
import { matrixRules } from './matrix.js';
import { normalizationRules } from './normalization.js';
import { poolingRules } from './pooling.js';
import { reduceRules } from './reduce.js';
import { shapeRules } from './shape.js';

export const KERNEL_RULES: Readonly<Record<string, KernelRule>> = {
  ...constantRules, ...convolutionRules, ...elementwiseRules, ...matrixRules, ...normalizationRules, ...poolingRules, ...reduceRules, ...shapeRules,
};
