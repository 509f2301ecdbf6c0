// How long a run has held devices, as its `maxRuntimeSeconds` counts it: whoever resumes or extends it gives it as long again.
import { Prisma } from '../db/client.js';

/** For a row of `runs`, in milliseconds. @param until when an attempt ended, of a row of `device_uses`; those are left out where it is null */
export const timeOnDevicesMs = (until: Prisma.Sql) => Prisma.sql`coalesce((
  SELECT sum(extract(epoch FROM ${until} - started_at)) * 1000 FROM device_uses
  WHERE run_id = runs.id AND started_at > coalesce((SELECT max(at) FROM run_transitions WHERE run_transitions.run_id = runs.id AND reason IN ('user_resume', 'user_extend')), '-infinity')
), 0)::float8`;
