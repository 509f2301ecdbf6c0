// A gradient of TF.js' own that is corrected for the backends that have it wrong.
import * as tf from '@tensorflow/tfjs-core';
// On Node, TF.js' gradients come with its layers; they must be there before one is replaced.
import '@tensorflow/tfjs-layers';

type Shape4 = [number, number, number, number];

/**
 * Average pooling divides by how many values a window really holds; its gradient in TF.js 4.22 divides by the
 * window's full size everywhere, so it is too small where padding begins. TensorFlow's own kernel is right.
 */
function weighEdges(dy: tf.Tensor, x: tf.Tensor, attrs: tf.AvgPoolAttrs): tf.Tensor {
  const pool = tf.backend_util.computePool2DInfo(x.shape as Shape4, attrs.filterSize, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode);
  const { top, bottom, left, right } = pool.padInfo;
  if (tf.getBackend() === 'tensorflow' || (top <= 0 && bottom <= 0 && left <= 0 && right <= 0)) return dy;
  const rows = shares(pool.outHeight, { window: pool.filterHeight, stride: pool.strideHeight, before: top, size: pool.inHeight });
  const columns = shares(pool.outWidth, { window: pool.filterWidth, stride: pool.strideWidth, before: left, size: pool.inWidth });
  return tf.mul(dy, tf.mul(tf.tensor4d(rows, [1, rows.length, 1, 1]), tf.tensor4d(columns, [1, 1, columns.length, 1])));
}

/** For each window along an axis: its full size over the values that it holds. */
function shares(count: number, axis: { window: number; stride: number; before: number; size: number }): number[] {
  return Array.from({ length: count }, (_, i) => {
    const start = i * axis.stride - axis.before;
    return axis.window / (Math.min(axis.size, start + axis.window) - Math.max(0, start));
  });
}

let ours: tf.GradConfig | undefined;

/** Whatever the backend, and again after one is loaded: the tensorflow package registers all gradients anew. */
export function correctGradients(): void {
  const current = tf.getGradient(tf.AvgPool);
  if (current === ours && ours !== undefined) return;
  if (current === undefined) throw new Error('TF.js has no gradient of average pooling');
  ours = {
    ...current,
    gradFunc: (dy, saved, attrs) => current.gradFunc(weighEdges(dy as tf.Tensor, saved[0] as tf.Tensor, attrs as unknown as tf.AvgPoolAttrs), saved, attrs),
  };
  tf.unregisterGradient(tf.AvgPool);
  tf.registerGradient(ours);
}
