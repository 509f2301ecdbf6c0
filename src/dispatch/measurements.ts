// What runs took, kept for those of the same shape that come after.
import type { Database } from '../db/client.js';
import type { Fence } from '../live/event-log.js';

export interface Measurements {
  /** After an attempt that has trained. @param peakMiB the most memory that it was seen with on one device; null where nobody saw it */
  note(fence: Fence, peakMiB: number | null): Promise<void>;
}

/** How much the latest run counts against those before: boxes and neighbours change. */
const LATEST = 0.3;

export function createMeasurements(database: Database): Measurements {
  return {
    async note({ runId, attempt }, peakMiB) {
      await database.$executeRaw`
        INSERT INTO measurements AS known (shape, device_kind, peak_mib, examples_per_second, startup_ms, updated_at)
        SELECT shape, device_kind, ${peakMiB === null ? null : Math.ceil(peakMiB)}::int, examples_per_second, extract(epoch FROM running_at - device_uses.started_at) * 1000, now()
        FROM device_uses JOIN runs ON runs.id = run_id
        -- One that ran out of memory tells how much there was, not how much it takes; one in parts takes less, and longer.
        WHERE gradient_accumulation_steps = 1 AND coalesce(reason, '') NOT IN ('out_of_gpu_memory', 'out_of_memory') AND run_id = ${runId}::uuid AND device_uses.attempt = ${attempt}::int AND runs.attempt = device_uses.attempt AND shape IS NOT NULL AND running_at IS NOT NULL
        ON CONFLICT (shape, device_kind) DO UPDATE SET
          peak_mib = greatest(known.peak_mib, excluded.peak_mib),
          examples_per_second = coalesce(known.examples_per_second + ${LATEST}::float8 * (excluded.examples_per_second - known.examples_per_second), excluded.examples_per_second, known.examples_per_second),
          startup_ms = coalesce(known.startup_ms + ${LATEST}::float8 * (excluded.startup_ms - known.startup_ms), excluded.startup_ms, known.startup_ms),
          runs = known.runs + 1, updated_at = now()`;
    },
  };
}
