// What opening a TF.js backend takes and gives, in words common to all of them.
import { cpus } from 'node:os';
import type { Backend } from '../../../schemas/spec.js';

export interface OpenBackend {
  /** What computes. A software GPU adapter is a `cpu`. */
  device: 'gpu' | 'cpu';
  /** For people: the device, and the library on it where that is a choice. */
  deviceName: string;
  /** Whether `auto` should leave it alone, because it is slower than the backends after it. */
  onlyWhenNamed?: string;
}

/** Loads a backend and makes it TF.js' current one. @throws BackendUnavailable */
export type OpenTheBackend = (options: { gpuName?: string | undefined }) => Promise<OpenBackend>;

/** Why a backend cannot be used, in words for a log line. */
export class BackendUnavailable extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'BackendUnavailable';
  }
}

export interface Tried {
  backend: Backend;
  reason: string;
}

/** Thrown when no backend fits what was asked for; the message names each and why not. */
export class NoBackendError extends Error {
  readonly tried: readonly Tried[];

  constructor(wanted: string, tried: readonly Tried[]) {
    super(`no TF.js backend for ${wanted}: ${tried.map(({ backend, reason }) => `${backend}: ${reason}`).join('; ')}`);
    this.name = 'NoBackendError';
    this.tried = tried;
  }
}

/** The name of the processor, as the operating system tells it. */
export function cpuName(): string {
  return cpus()[0]?.model.trim() || 'CPU';
}

/** The first line of whatever was thrown. */
export function firstLine(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.trim().split('\n')[0]!.trim();
}
