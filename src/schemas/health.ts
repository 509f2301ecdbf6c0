// Whether the process lives, and whether it can serve.
import { Type, type Static } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';

export const Liveness = strictObject(
  {
    status: oneOf(['ok'], { description: 'Always `ok`: a process that does not live does not answer.' }),
    version: Type.String({ description: 'Version of the service.' }),
    uptimeSeconds: Type.Number({ minimum: 0, description: 'Since the process started.' }),
  },
  { $id: 'Liveness', description: 'The process answers.' },
);
export type Liveness = Static<typeof Liveness>;

export const CheckResult = strictObject(
  {
    name: Type.String({ description: 'What was asked: `database`, `queue`, `bus`; `artifacts` where they are in a bucket.' }),
    ok: Type.Boolean({ description: 'Whether it answered in time.' }),
    durationMs: Type.Number({ minimum: 0, description: 'How long the answer, or the wait for it, took.' }),
  },
  { $id: 'CheckResult', description: 'The answer of one thing that the service needs.' },
);
export type CheckResult = Static<typeof CheckResult>;

export const Readiness = strictObject(
  {
    status: oneOf(['ready'], { description: 'Everything that the service needs answers.' }),
    checks: Type.Array(ref(CheckResult), { description: 'What was asked.' }),
  },
  { $id: 'Readiness', description: 'The service can serve.' },
);
export type Readiness = Static<typeof Readiness>;
