// The model of a run in this browser: loaded when the page is shown, with the weights that are chosen, asked as one draws.
import { useEffect, useRef, useState } from 'preact/hooks';
import { send } from '../../api/client.js';
import type { Artifact } from '../../api/types.js';
import { addressOf } from '../../lib/base.js';
import type { ModelMetadata } from '../../../ml/model-files.js';
import { AskLoop } from './ask-loop.js';
import { weightsIn, type Checkpoint } from './checkpoints.js';
import type { FirstWeights, ModelAnswer, ModelInfo } from './messages.js';
import { ModelThread } from './model-thread.js';

/** What one needs to ask a model. */
export interface OpenModel extends ModelInfo {
  metadata: ModelMetadata;
  thread: ModelThread;
}

/** The files that the model is in; the same hashes are the same model. */
export interface ModelFiles {
  modelJson: Pick<Artifact, 'url' | 'sha256'>;
  weights: Pick<Artifact, 'url' | 'sha256'>;
}

const read = async (url: string, signal: AbortSignal): Promise<ArrayBuffer> => (await send(new Request(addressOf(url), { signal }))).arrayBuffer();

/** Null while it is loaded. `again` tries what failed. */
export function useModel({ modelJson, weights }: ModelFiles): { model: OpenModel | null; error: unknown; again(): void } {
  const [state, setState] = useState<{ model: OpenModel | null; error?: unknown }>({ model: null });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const aborter = new AbortController();
    const thread = new ModelThread();
    const load = async () => {
      const [json, bytes] = await Promise.all([read(modelJson.url, aborter.signal), read(weights.url, aborter.signal)]);
      const parsed = JSON.parse(new TextDecoder().decode(json)) as { userDefinedMetadata?: { trainyard?: ModelMetadata } };
      const metadata = parsed.userDefinedMetadata?.trainyard;
      if (metadata === undefined) throw new Error('The model does not say what it takes.');
      setState({ model: { ...(await thread.ask('load', { modelJson: parsed, weights: bytes })), metadata, thread } });
    };
    load().catch((error: unknown) => aborter.signal.aborted || setState({ model: null, error }));
    return () => {
      aborter.abort();
      setState({ model: null });
      thread.close();
    };
  }, [modelJson.sha256, weights.sha256, turn]);
  return { model: state.model, error: state.error, again: () => setTurn((before) => before + 1) };
}

/** Puts the weights of a checkpoint into the model; undefined are the model's own. Answers which are in it now. */
export function useWeights({ thread, first }: OpenModel, checkpoint: Checkpoint | undefined): { first: FirstWeights | null; key: string; busy: boolean; error: unknown } {
  const wanted = checkpoint?.sha256 ?? 'model';
  const [state, setState] = useState<{ first: FirstWeights | null; key: string; failed?: string; error?: unknown }>({ first, key: 'model' });
  /** What the thread was told last, which it may not have done yet. */
  const told = useRef('model');
  useEffect(() => {
    if (state.key === wanted && told.current === wanted) return;
    const aborter = new AbortController();
    const change = async () => {
      const tensors = checkpoint === undefined ? null : weightsIn(await read(checkpoint.url, aborter.signal));
      told.current = wanted;
      const changed = await thread.ask('weights', { tensors });
      if (!aborter.signal.aborted) setState({ first: changed, key: wanted });
    };
    change().catch((error: unknown) => aborter.signal.aborted || setState((before) => ({ ...before, failed: wanted, error })));
    return () => aborter.abort();
  }, [thread, wanted]);
  const hasFailed = state.failed === wanted;
  return { first: state.first, key: state.key, busy: state.key !== wanted && !hasFailed, error: hasFailed ? state.error : undefined };
}

/** The latest answer to what is asked. */
export function useAnswer({ thread }: OpenModel): { answer: ModelAnswer | null; error: unknown; ask(read: () => Float32Array | null): void; forget(): void } {
  const [state, setState] = useState<{ answer: ModelAnswer | null; error?: unknown }>({ answer: null });
  const loop = useRef<AskLoop<Float32Array, ModelAnswer> | null>(null);
  loop.current ??= new AskLoop({
    ask: (x) => thread.ask('predict', { x }),
    onAnswer: (answer) => setState({ answer }),
    onFault: (error) => setState({ answer: null, error }),
    frame: (work) => void requestAnimationFrame(work),
  });
  useEffect(() => () => loop.current!.forget(), []);
  const forget = () => {
    loop.current!.forget();
    setState({ answer: null });
  };
  return { answer: state.answer, error: state.error, ask: (wanted) => loop.current!.want(wanted), forget };
}
