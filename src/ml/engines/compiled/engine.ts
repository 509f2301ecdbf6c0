// The compiled engine: the training program traced once and run by ONNX Runtime.
import { correctGradients } from '../gradients.js';
import type { EngineSpec } from '../engine.js';
import { KERNEL_RULES } from './kernels/index.js';
import type { Runtime } from './runtime.js';
import { CompiledSession } from './session.js';
import { useTracer } from './tracer.js';

export { openRuntime, RuntimeUnavailable, type Provider, type Runtime } from './runtime.js';
export { UncapturableError } from './tracer.js';

/**
 * Makes the tracer TF.js' current backend.
 * @throws Error when TF.js cannot build the model
 */
export async function createCompiledEngine(spec: EngineSpec, runtime: Runtime): Promise<CompiledSession> {
  const tracer = await useTracer(KERNEL_RULES);
  correctGradients();
  return new CompiledSession(spec, { runtime, tracer });
}
