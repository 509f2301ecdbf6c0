// The message catalogues between processes of one box: supervisor and trainer, API and predictor.
// Sent over Node's IPC channel with `serialization: 'advanced'`, so typed arrays, NaN and infinities pass.
import type { FailureReason, RunReason } from './run.js';
import type { NewEvent } from './event.js';
import type { Backend, RunSpec } from './spec.js';

/** A backend that the supervisor's probe found wanting, and why. */
export interface RuledOut {
  backend: Backend;
  reason: string;
}

/** A training state to go on from. */
export interface ResumeFile {
  /** Absolute path. */
  file: string;
  step: number;
}

/** A training state with whose weights to start; without a `file` where that is damaged or gone. */
export interface StartFile {
  file: string | null;
  step: number;
}

/** Supervisor to trainer. */
export type TrainerCommand =
  | { type: 'start'; runId: string; attempt: number; spec: RunSpec; scratchDir: string; ruledOut: RuledOut[]; threads: number; gradientAccumulationSteps: number; resume: ResumeFile | null; startFrom: StartFile | null; extendedAfter: number | null }
  /** Stop between two batches. */
  | { type: 'cancel' }
  /** The same, with the state kept. */
  | { type: 'pause' };

/** A file that the trainer wrote into its scratch folder. */
export interface ScratchFile {
  /** Path of the artifact within the run: `model/model.json`. */
  path: string;
  /** File name inside the scratch folder. */
  file: string;
  contentType: string;
}

export interface DeviceInfo {
  engine: string;
  backend: string;
  device: string;
}

/** Trainer to supervisor. `ended` is the last message; the process then exits by itself. */
export type TrainerMessage =
  | { type: 'ready' }
  | ({ type: 'device' } & DeviceInfo)
  | { type: 'running' }
  | { type: 'events'; events: NewEvent[] }
  /** A training state as a file in the scratch folder; `epoch` counts the epochs that were whole. */
  | { type: 'checkpoint'; file: string; epoch: number; step: number; metrics: Record<string, number> }
  | { type: 'finalizing' }
  | { type: 'artifacts'; files: ScratchFile[]; epoch: number; step: number; metrics: Record<string, number> }
  | { type: 'ended'; state: 'failed'; reason: FailureReason; message: string }
  | {
      type: 'ended';
      state: 'succeeded' | 'cancelled' | 'paused';
      reason: RunReason | null;
      message: string | null;
      bestEpoch: number | null;
      metrics: Record<string, number>;
    };

/** When an image is turned to its negative; `auto`: a grey one whose border is bright. */
export type Inversion = 'auto' | 'true' | 'false';

/** Examples in raw values, before the model's preprocessing. */
export type PredictorInput =
  /** Row-major `[count, ...inputShape]`. */
  | { kind: 'tensor'; x: Float32Array; count: number }
  /** A PNG or JPEG file, to be fitted to the model's `[height, width, channels]`. */
  | { kind: 'image'; bytes: Uint8Array; invert: Inversion };

/** API to predictor. One at a time: the next is sent when this one is answered. */
export type PredictorRequest = {
  id: number;
  /** Absolute paths of the stored files. */
  modelJsonPath: string;
  weightsPath: string;
  /** Key of the predictor's cache: the hashes of both files. */
  modelKey: string;
  input: PredictorInput;
};

/** Predictor to API. */
export type PredictorReply =
  /** Row-major `[count, ...outputShape]`. */
  | { id: number; ok: true; outputs: Float32Array; count: number }
  /** `image`: the file cannot be read, the message is for the client; `model`: anything else, it is not. */
  | { id: number; ok: false; fault: 'image' | 'model'; message: string };
