// The eager engine: TF.js kernels, one after the other, on whichever backend was set before.
import type { CreateEngine } from '../engine.js';
import { EagerSession } from './session.js';

/**
 * Needs a TF.js backend that is set and ready (see selectBackend).
 * @throws Error when TF.js cannot build the model.
 */
export const createEagerEngine: CreateEngine = async (spec) => new EagerSession(spec);
