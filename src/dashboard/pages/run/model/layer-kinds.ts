// Kinds of layers, as people tell them apart in a drawing.

export const LAYER_KINDS = ['input', 'dense', 'convolution', 'pooling', 'normalization', 'dropout', 'activation', 'merge', 'shape', 'other'] as const;
export type LayerKind = (typeof LAYER_KINDS)[number];

/** By the words that are in a type's name; the first that fits. */
const BY_NAME: readonly (readonly [RegExp, LayerKind])[] = [
  [/^input/i, 'input'],
  [/dense/i, 'dense'],
  [/conv/i, 'convolution'],
  [/pooling/i, 'pooling'],
  [/normalization/i, 'normalization'],
  [/dropout/i, 'dropout'],
  [/^(activation|softmax|.*relu|elu)$/i, 'activation'],
  [/^(add|average|concatenate|maximum|minimum|multiply|subtract|dot)$/i, 'merge'],
  [/flatten|reshape|permute|padding|cropping/i, 'shape'],
];

export const kindOf = (type: string): LayerKind => BY_NAME.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
