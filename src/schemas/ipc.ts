// The message catalogues between processes of one box: supervisor and trainer, API and predictor.
// Sent over Node's IPC channel with `serialization: 'advanced'`, so typed arrays, NaN and infinities pass.
import type { RunReason } from './run.js';
import type { NewEvent } from './event.js';
import type { RunSpec } from './spec.js';

/** Supervisor to trainer. */
export type TrainerCommand =
  | { type: 'start'; runId: string; attempt: number; spec: RunSpec; scratchDir: string }
  | { type: 'cancel' };

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
  | { type: 'finalizing' }
  | { type: 'artifacts'; files: ScratchFile[]; epoch: number; step: number; metrics: Record<string, number> }
  | {
      type: 'ended';
      state: 'succeeded' | 'failed' | 'cancelled';
      reason: RunReason | null;
      message: string | null;
      bestEpoch: number | null;
      metrics: Record<string, number>;
    };

/** API to predictor. */
export type PredictorRequest = {
  id: number;
  /** Folder-independent: absolute paths of the stored files. */
  modelJsonPath: string;
  weightsPath: string;
  /** Key of the predictor's cache: the hash of model.json. */
  modelKey: string;
  /** Raw values, row-major `[count, ...inputShape]`. */
  x: Float32Array;
  count: number;
};

/** Predictor to API. */
export type PredictorReply =
  | { id: number; ok: true; outputs: Float32Array }
  | { id: number; ok: false; message: string };
