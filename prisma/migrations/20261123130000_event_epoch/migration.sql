-- Computed by the database when the row is written, so that whoever asks which evaluations there are reads none of them.
-- AlterTable
ALTER TABLE "run_events" ADD COLUMN     "epoch" INTEGER GENERATED ALWAYS AS (
  CASE WHEN "kind" = 'evaluation' OR ("kind" = 'state' AND "data"->>'state' = 'starting') THEN COALESCE(("data"->>'epoch')::int, 0) END
) STORED;
