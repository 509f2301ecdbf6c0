// Which engine trains a run: the compiled one wherever it can run the model, else the eager one. Answers a session
// that has its data and is ready for the first batch.
import type { Backend, DEVICES, ENGINES } from '../../schemas/spec.js';
import { cpuName, firstLine, type Tried } from './eager/backend-opening.js';
import { describeChoice, selectBackend } from './eager/backends.js';
import { hasTensorflowAddon } from './eager/backend-tensorflow.js';
import { createEagerEngine } from './eager/engine.js';
import { createCompiledEngine, openRuntime, UncapturableError, type Provider } from './compiled/engine.js';
import { providersFor } from './compiled/providers.js';
import type { EngineSession, EngineSpec, Examples } from './engine.js';

export interface EngineRequest {
  engine: (typeof ENGINES)[number];
  device: (typeof DEVICES)[number];
  /** A TF.js backend; naming one asks for the eager engine. */
  backend: 'auto' | Backend;
  /** TF.js backends that an earlier probe of this machine ruled out. */
  ruledOut: readonly Tried[];
  /** Cores that the compiled engine may use on the CPU; all when absent. */
  threads?: number | undefined;
  spec: EngineSpec;
  train: Examples;
  validation: Examples | null;
  batchSize: number;
}

export interface OpenEngine {
  session: EngineSession;
  deviceName: string;
  /** One line for the log: what computes, and why not something else. */
  description: string;
  /** Why the compiled engine does not train the model although it was not ruled out; null when it was not tried or does. */
  fallback: string | null;
}

/** Thrown when nothing fits what was asked for; the message says what and why not. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError';
}

function bind(session: EngineSession, { train, validation }: EngineRequest): void {
  session.bind('train', train);
  if (validation !== null) session.bind('validation', validation);
}

async function openCompiled(request: EngineRequest, provider: Provider): Promise<OpenEngine> {
  const session = await createCompiledEngine(request.spec, await openRuntime({ provider, threads: request.threads }));
  try {
    bind(session, request);
    await session.prepare(request.batchSize);
  } catch (error) {
    session.dispose();
    throw error;
  }
  const deviceName = provider === 'cpu' ? `${cpuName()}, ONNX Runtime` : `GPU, ONNX Runtime by ${provider}`;
  return { session, deviceName, description: `engine compiled, run by ONNX Runtime on ${provider} (${deviceName})`, fallback: null };
}

async function openEager(request: EngineRequest, fallback: string | null): Promise<OpenEngine> {
  const choice = await selectBackend(request);
  const session = await createEagerEngine(request.spec);
  bind(session, request);
  return { session, deviceName: choice.deviceName, description: `engine eager, ${describeChoice(choice)}`, fallback };
}

/** A GPU that TensorFlow drives is worth more than a compiled graph on the CPU. */
function tensorflowMayHaveGpu({ device, ruledOut }: EngineRequest, providers: readonly Provider[]): boolean {
  return device === 'auto' && providers.length > 1 && hasTensorflowAddon() && !ruledOut.some(({ backend }) => backend === 'tensorflow');
}

/**
 * @throws UncapturableError when the compiled engine is named and cannot express the model
 * @throws NoEngineError when it is named and does not work on this machine
 * @throws NoBackendError when no TF.js backend fits
 */
export async function openEngine(request: EngineRequest): Promise<OpenEngine> {
  const { engine, device, backend } = request;
  if (engine === 'eager' || (engine === 'auto' && backend !== 'auto')) return openEager(request, null);
  const tried: string[] = [];
  let uncapturable: string | null = null;
  const providers = providersFor(device);
  for (const provider of providers) {
    if (provider === 'cpu' && engine === 'auto' && tensorflowMayHaveGpu(request, providers)) break;
    try {
      return await openCompiled(request, provider);
    } catch (error) {
      tried.push(`${provider}: ${firstLine(error)}`);
      if (!(error instanceof UncapturableError)) continue;
      if (engine === 'compiled') throw new UncapturableError(`the compiled engine cannot train this model: ${error.message}`, { cause: error });
      uncapturable = error.message;
      break;
    }
  }
  if (engine === 'compiled') throw new NoEngineError(`the compiled engine does not work here: ${tried.join('; ')}`);
  return openEager(request, uncapturable ?? (tried.length > 0 ? tried.join('; ') : null));
}
