// The API's shapes by their names, from its own document.
import type { components } from '../../generated/api.js';

type Schemas = components['schemas'];

export type Artifact = Schemas['Artifact'];
export type BrowserSession = Schemas['BrowserSession'];
export type Dataset = Schemas['Dataset'];
export type Device = Schemas['Device'];
export type Identity = Schemas['Identity'];
export type MetricSeries = Schemas['MetricSeries'];
export type MetricValue = Schemas['MetricValue'];
export type ModelSummary = Schemas['ModelSummary'];
export type Plan = Schemas['Plan'];
export type Problem = Schemas['Problem'];
export type Recipe = Schemas['Recipe'];
export type Right = Identity['rights'][number];
export type Run = Schemas['Run'];
export type RunEvent = Schemas['RunEvent'];
export type RunState = Run['state'];
