// Asks the model of a run, through the run's own preprocessing. The model's files say what it takes.
import type { ArtifactRepository } from '../artifacts/artifact-repository.js';
import type { ArtifactStore, LocalFile } from '../artifacts/store.js';
import { ServiceError } from '../errors.js';
import type { Reader } from '../identity/principal.js';
import type { ModelMetadata } from '../ml/model-files.js';
import { MAX_PIXELS, pictureShape } from '../portable/picture.js';
import type { RunRepository } from '../runs/run-repository.js';
import { hasEnded } from '../portable/run-states.js';
import type { Inversion, PredictorInput, PredictorReply } from '../schemas/ipc.js';
import type { Predictions } from '../schemas/predict.js';
import type { Run } from '../schemas/run.js';
import { toPredictions } from './answers.js';
import { readImageHeader } from './image-header.js';
import { parseInstances } from './instances.js';
import { createPredictor, type Predictor } from './predictor-process.js';

export type PredictInput =
  /** The parsed JSON body. */
  | { kind: 'instances'; body: unknown }
  /** The bytes of a PNG or JPEG file. */
  | { kind: 'image'; bytes: Uint8Array; invert: Inversion };

export interface PredictServiceOptions {
  runs: Pick<RunRepository, 'findReadable'>;
  artifacts: Pick<ArtifactRepository, 'find'>;
  store: Pick<ArtifactStore, 'read' | 'localFile'>;
  log: { warn(details: object, message: string): void };
  predictor?: Predictor;
}

export interface PredictService {
  /**
   * @throws ServiceError not_found, model_not_ready, bad_request, impossible_input, body_too_large,
   * unsupported_media_type, predictor_unavailable; StoreError
   */
  predict(reader: Reader, runId: string, input: PredictInput): Promise<Predictions>;
  close(): Promise<void>;
}

/** By their hashes. */
interface ModelFiles {
  modelJson: string;
  weights: string;
}

const MODEL_JSON = 'model/model.json';
const WEIGHTS = 'model/weights.bin';
const REMEMBERED_MODELS = 64;

export function createPredictService({ runs, artifacts, store, log, predictor = createPredictor({ log }) }: PredictServiceOptions): PredictService {
  /** By hash of model.json, the latest used last. */
  const known = new Map<string, ModelMetadata>();

  async function metadataOf(sha256: string): Promise<ModelMetadata> {
    const metadata = known.get(sha256) ?? (await readMetadata(store, sha256));
    known.delete(sha256);
    known.set(sha256, metadata);
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED_MODELS) break;
      known.delete(oldest);
    }
    return metadata;
  }

  async function findModel(runId: string): Promise<ModelFiles | null> {
    const [modelJson, weights] = await Promise.all([artifacts.find(runId, MODEL_JSON), artifacts.find(runId, WEIGHTS)]);
    return modelJson === null || weights === null ? null : { modelJson: modelJson.sha256, weights: weights.sha256 };
  }

  async function ask({ modelJson, weights }: ModelFiles, run: Run, input: PredictInput): Promise<Predictions> {
    const { inputShape, labels } = await metadataOf(modelJson);
    const reply = await askPredictor({ modelJson, weights }, toPredictorInput(input, inputShape));
    if (reply.ok) return { predictions: toPredictions(reply, { loss: run.spec.loss, labels }) };
    if (reply.fault === 'image') throw new ServiceError('bad_request', reply.message);
    throw new Error(`predicting with the model of run ${run.id}: ${reply.message}`);
  }

  async function askPredictor({ modelJson, weights }: ModelFiles, input: PredictorInput): Promise<PredictorReply> {
    const held: LocalFile[] = [];
    const hold = async (sha256: string) => {
      const file = await store.localFile(sha256);
      held.push(file);
      return file.path;
    };
    try {
      return await predictor.predict({ modelJsonPath: await hold(modelJson), weightsPath: await hold(weights), modelKey: `${modelJson} ${weights}`, input });
    } finally {
      for (const file of held) await file.release();
    }
  }

  return {
    async predict(reader, runId, input) {
      const run = await runs.findReadable(reader, runId);
      if (run === null) throw new ServiceError('not_found', `There is no run ${runId}.`);
      const model = await findModel(runId);
      if (model === null) throw new ServiceError('model_not_ready', whyNoModel(run));
      try {
        return await ask(model, run, input);
      } catch (error) {
        // It may have been deleted while it was read.
        if (error instanceof ServiceError || (await findModel(runId)) !== null) throw error;
        throw new ServiceError('model_not_ready', whyNoModel(run), { cause: error });
      }
    },

    close: () => predictor.close(),
  };
}

function whyNoModel({ id, state }: Run): string {
  return hasEnded(state) ? `Run ${id} is ${state} and has no model.` : `Run ${id} is ${state}; its model is stored at its end.`;
}

async function readMetadata(store: Pick<ArtifactStore, 'read'>, sha256: string): Promise<ModelMetadata> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.read(sha256)) chunks.push(chunk as Buffer);
  const { userDefinedMetadata } = JSON.parse(Buffer.concat(chunks).toString()) as { userDefinedMetadata?: { trainyard?: ModelMetadata } };
  if (userDefinedMetadata?.trainyard === undefined) throw new Error(`${MODEL_JSON} ${sha256} does not say what it takes`);
  return userDefinedMetadata.trainyard;
}

/** @throws ServiceError */
function toPredictorInput(input: PredictInput, inputShape: readonly number[]): PredictorInput {
  if (input.kind === 'instances') return { kind: 'tensor', ...parseInstances(input.body, inputShape) };
  const header = readImageHeader(input.bytes);
  if (header === null) throw new ServiceError('bad_request', 'The image is neither a PNG nor a JPEG, or ends too early.');
  const pixels = header.width * header.height;
  if (pixels > MAX_PIXELS) throw new ServiceError('body_too_large', `The image has ${pixels} pixels; at most ${MAX_PIXELS} are taken.`);
  if (pixels === 0) throw new ServiceError('bad_request', 'The image has no pixels.');
  if (pictureShape(inputShape) === null) throw new ServiceError('impossible_input', `The model takes [${inputShape.join(', ')}], which is no picture; send instances.`);
  return input;
}
