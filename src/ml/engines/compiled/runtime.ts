// ONNX Runtime: which of its providers runs the graphs, and with which options.
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from './graph.js';
import { encodeModel } from './onnx.js';

export const PROVIDERS = ['cuda', 'webgpu', 'cpu'] as const;
export type Provider = (typeof PROVIDERS)[number];

type Ort = typeof import('onnxruntime-node');
export type RunFeeds = Readonly<Record<string, Tensor>>;

export interface Runtime {
  readonly provider: Provider;
  /** Channels in a block of the runtime's fast convolutions; null where there are none. */
  readonly block: number | null;
  readonly Tensor: Ort['Tensor'];
  open(model: Uint8Array): Promise<InferenceSession>;
}

/** Why this machine cannot run compiled graphs so. */
export class RuntimeUnavailable extends Error {
  override readonly name = 'RuntimeUnavailable';
}

async function loadOrt(): Promise<Ort> {
  try {
    const loaded = await import('onnxruntime-node');
    return (loaded as { default?: Ort }).default ?? loaded;
  } catch (error) {
    throw new RuntimeUnavailable(`onnxruntime-node does not load: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`, { cause: error });
  }
}

function optionsOf(provider: Provider, threads: number | undefined): InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    enableCpuMemArena: true,
    // Threads that wait burn the core that the service, or another run, needs. Measured on two cores: small models
    // train a quarter faster without, convolutions as fast.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    // 3: errors. Warnings speak of graphs that people wrote.
    logSeverityLevel: 3,
  };
}

/** Blocks an image of four channels and looks how many come out. */
async function probeBlock(ort: Ort): Promise<number | null> {
  const graph = new GraphBuilder();
  const x = graph.input('x', { shape: [1, 4, 1, 1], type: 'float32' });
  const blocked = graph.add('ReorderInput', [x], { shape: [], attributes: { channels_last: 0 }, domain: 'com.microsoft.nchwc' });
  graph.output('y', blocked, [1, 'channels', 1, 1]);
  try {
    const session = await ort.InferenceSession.create(encodeModel(graph.finish()), optionsOf('cpu', 1));
    const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) });
    await session.release();
    const block = Number(y!.dims[1]);
    return block >= 8 ? block : null;
  } catch {
    return null;
  }
}

/** @throws RuntimeUnavailable */
export async function openRuntime({ provider, threads }: { provider: Provider; threads?: number | undefined }): Promise<Runtime> {
  const ort = await loadOrt();
  const options = optionsOf(provider, threads);
  return {
    provider,
    block: provider === 'cpu' ? await probeBlock(ort) : null,
    Tensor: ort.Tensor,
    open: (model) => ort.InferenceSession.create(model, options),
  };
}
