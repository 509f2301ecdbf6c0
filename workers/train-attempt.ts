// What a trainer does for one attempt: device, data, model, loop, files; each step told to the supervisor.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCheckpoint } from '../src/ml/checkpoint-file.js';
import type { EngineSession } from '../src/ml/engines/engine.js';
import { WEIGHT_FILE, withLabels } from '../src/ml/model-files.js';
import { NonFiniteLossError, type EndReport } from '../src/ml/reports.js';
import { train } from '../src/ml/train.js';
import { keptWeights, type TrainState } from '../src/ml/train-state.js';
import type { LogData, NewEvent } from '../src/schemas/event.js';
import type { TrainerCommand, TrainerMessage } from '../src/schemas/ipc.js';
import type { FailureReason } from '../src/schemas/run.js';
import type { Static } from 'typebox';
import { CheckpointWriter } from './checkpoint-writer.js';
import { exhaustedMemory } from './exhausted-memory.js';
import { isFullDisk } from './full-disk.js';
import { datasetOf, prepare, settingsOf, TrainingFault } from './prepare.js';
import { createReportEvents } from './report-events.js';
import { startSystemSamples } from './system-samples.js';

type Start = Extract<TrainerCommand, { type: 'start' }>;
type Ended = Extract<TrainerMessage, { type: 'ended' }>;

export interface TrainAttemptOptions {
  send(message: TrainerMessage): void;
  /** Stops between two batches. */
  signal: AbortSignal;
}

const events = (...batch: NewEvent[]): TrainerMessage => ({ type: 'events', events: batch });
const log = (level: Static<typeof LogData>['level'], message: string): TrainerMessage => events({ kind: 'log', at: new Date().toISOString(), data: { level, message } });

const warning = (code: string, message: string): NewEvent => ({ kind: 'warning', at: new Date().toISOString(), data: { code, message } });

async function readState(file: string): Promise<TrainState> {
  return decodeCheckpoint(await readFile(file));
}

/** Puts weights and all back to where the run was, or begins with another run's weights, or leaves them as they are. */
async function begin({ resume, startFrom }: Start, session: EngineSession): Promise<{ from: TrainState | undefined; said: string | null }> {
  if (resume !== null) return { from: await readState(resume.file), said: `goes on from step ${resume.step}` };
  if (startFrom === null) return { from: undefined, said: null };
  if (startFrom.file === null) throw new TrainingFault('data_missing', new Error('the training state with whose weights the run is to start is damaged or gone'));
  session.setWeights(keptWeights(await readState(startFrom.file)));
  return { from: undefined, said: `starts with the weights of another run at step ${startFrom.step}` };
}

/** Never rejects for a fault of the run: the answer names its cause. */
export async function trainAttempt(start: Start, { send, signal }: TrainAttemptOptions): Promise<Ended> {
  const reports = createReportEvents(start.attempt);
  let session: EngineSession | null = null;
  const checkpoints = new CheckpointWriter({
    folder: start.scratchDir,
    onWritten: (written) => send({ type: 'checkpoint', ...written }),
    onError: (error) => send(events(warning('checkpoint_failed', `the state of training could not be kept: ${causeOf(error, session).message}`))),
  });
  const stopSamples = startSystemSamples({ attempt: start.attempt, tensorBytes: () => session?.tensorBytes() ?? 0, onSample: (sample) => send(events(sample)) });
  try {
    const prepared = await prepare(start.spec, {
      ruledOut: start.ruledOut,
      threads: start.threads,
      gradientAccumulationSteps: start.gradientAccumulationSteps,
      onEngine: ({ session: opened, deviceName, description, fallback }) => {
        send({ type: 'device', engine: opened.engine, backend: opened.backend, device: deviceName });
        send(log('info', description));
        if (fallback !== null) send(events(warning('engine_fallback', `the compiled engine cannot train this model here; the eager one does: ${fallback}`)));
      },
    });
    session = prepared.session;
    const { from, said } = await begin(start, session);
    if (said !== null) send(log('info', said));
    send({ type: 'running' });
    let end: EndReport | null = null;
    for await (const report of train({ ...settingsOf(start.spec), ...prepared, from, extendedAfter: start.extendedAfter ?? undefined, signal })) {
      if (report.type === 'end') end = report;
      const due = reports.add(report);
      if (due.length > 0) send(events(...due));
      if (report.type === 'checkpoint') checkpoints.write(report);
    }
    await checkpoints.settled();
    if (end === null) throw new Error('the training loop ended without a report');
    if (end.reason === 'cancelled') return ended(end, { state: 'cancelled', reason: 'user_cancel', message: 'cancelled on request' });
    if (end.reason === 'paused') return ended(end, { state: 'paused', reason: 'user_pause', message: `paused after step ${end.steps}` });
    send({ type: 'finalizing' });
    send({ type: 'artifacts', ...(await saveFiles(start, session)), epoch: end.keptEpoch, step: end.steps, metrics: end.metrics });
    const early = { reason: 'early_stopped', message: `stopped early; the weights of epoch ${end.keptEpoch} are kept` } as const;
    return ended(end, { state: 'succeeded', ...(end.reason === 'early_stopped' ? early : { reason: null, message: null }) });
  } catch (error) {
    const due = reports.flush();
    if (due.length > 0) send(events(...due));
    const { reason, message } = causeOf(error, session);
    send(log('error', error instanceof Error ? (error.stack ?? message) : message));
    return { type: 'ended', state: 'failed', reason, message };
  } finally {
    stopSamples();
    session?.dispose();
  }
}

function ended({ bestEpoch, metrics }: EndReport, how: Pick<Exclude<Ended, { state: 'failed' }>, 'state' | 'reason' | 'message'>): Ended {
  return { type: 'ended', ...how, bestEpoch, metrics };
}

async function saveFiles({ spec, scratchDir }: Start, session: EngineSession) {
  const { modelJson, weightData } = withLabels(await session.save(), datasetOf(spec).labels);
  await writeFile(join(scratchDir, 'model.json'), JSON.stringify(modelJson));
  await writeFile(join(scratchDir, WEIGHT_FILE), weightData);
  return {
    files: [
      { path: 'model/model.json', file: 'model.json', contentType: 'application/json' },
      { path: `model/${WEIGHT_FILE}`, file: WEIGHT_FILE, contentType: 'application/octet-stream' },
    ],
  };
}

function causeOf(error: unknown, session: EngineSession | null): { reason: FailureReason; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TrainingFault) return { reason: error.reason, message };
  if (error instanceof NonFiniteLossError) return { reason: 'non_finite_loss', message };
  if (isFullDisk(error)) return { reason: 'disk_full', message: 'the disk is full' };
  return { reason: exhaustedMemory(message, session?.backend ?? null) ?? 'internal', message };
}
