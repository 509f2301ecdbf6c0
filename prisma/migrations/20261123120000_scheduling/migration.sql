-- AlterTable
ALTER TABLE "teams" ADD COLUMN     "weight" DOUBLE PRECISION NOT NULL DEFAULT 1,
ADD COLUMN     "max_runs" INTEGER,
ADD COLUMN     "gpu_seconds_per_day" DOUBLE PRECISION,
ADD COLUMN     "storage_bytes" BIGINT;

-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "lined_up_at" TIMESTAMPTZ(3),
ADD COLUMN     "shape" TEXT,
ADD COLUMN     "demand" JSONB,
ADD COLUMN     "promised_at" TIMESTAMPTZ(3),
ADD COLUMN     "box" TEXT,
ADD COLUMN     "device_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "memory_mib" INTEGER,
ADD COLUMN     "share" DOUBLE PRECISION,
ADD COLUMN     "placed_at" TIMESTAMPTZ(3),
ADD COLUMN     "aged" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "lent_by" UUID,
ADD COLUMN     "leaving" TEXT,
ADD COLUMN     "leaving_for" UUID,
ADD COLUMN     "progressed_at" TIMESTAMPTZ(3);

-- Runs that wait already have waited since they were made.
UPDATE "runs" SET "queued_at" = "created_at", "demand" = jsonb_build_object(
  'device', coalesce("spec" #>> '{resources,device}', 'auto'), 'gpus', 1, 'exclusive', false, 'memoryMiB', null,
  'estimateMiB', ceil(("plan" #>> '{memory,totalBytes}')::double precision / 1048576), 'flops', "plan" -> 'flops',
  'stepExamples', coalesce(("spec" #>> '{fit,batchSize}')::int, 32), 'maxRuntimeSeconds', null);
ALTER TABLE "runs" ALTER COLUMN "demand" SET NOT NULL;

-- AlterTable
DELETE FROM "workers";
ALTER TABLE "workers" ADD COLUMN     "box" TEXT NOT NULL;

-- CreateTable
CREATE TABLE "boxes" (
    "name" TEXT NOT NULL,
    "phase" TEXT NOT NULL DEFAULT 'open',
    "token_hash" CHAR(64),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "boxes_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "scheduler_lease" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "owner" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "scheduler_lease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "device_uses" (
    "run_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL,
    "run_name" TEXT NOT NULL,
    "team_id" UUID NOT NULL,
    "team" TEXT NOT NULL,
    "user_id" UUID,
    "user" TEXT,
    "box" TEXT NOT NULL,
    "device_ids" TEXT[],
    "device_kind" TEXT NOT NULL,
    "share" DOUBLE PRECISION NOT NULL,
    "aged" BOOLEAN NOT NULL DEFAULT false,
    "queued_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "running_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "ended_as" TEXT,
    "first_step" INTEGER NOT NULL,
    "last_step" INTEGER,
    "best_step" INTEGER,
    "kept_step" INTEGER,
    "progressed_at" TIMESTAMPTZ(3),

    CONSTRAINT "device_uses_pkey" PRIMARY KEY ("run_id","attempt")
);

-- CreateTable
CREATE TABLE "measurements" (
    "shape" TEXT NOT NULL,
    "device_kind" TEXT NOT NULL,
    "peak_mib" INTEGER,
    "examples_per_second" DOUBLE PRECISION,
    "startup_ms" DOUBLE PRECISION,
    "runs" INTEGER NOT NULL DEFAULT 1,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "measurements_pkey" PRIMARY KEY ("shape","device_kind")
);

-- CreateTable
CREATE TABLE "start_estimates" (
    "run_id" UUID NOT NULL,
    "queued_at" TIMESTAMPTZ(3) NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL,
    "forecast" TIMESTAMPTZ(3) NOT NULL,
    "earliest" TIMESTAMPTZ(3) NOT NULL,
    "likely" TIMESTAMPTZ(3) NOT NULL,
    "latest" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),

    CONSTRAINT "start_estimates_pkey" PRIMARY KEY ("run_id","queued_at")
);

-- CreateIndex
CREATE INDEX "runs_shape_idx" ON "runs"("shape");

-- CreateIndex
CREATE INDEX "runs_placed_at_idx" ON "runs"("placed_at");

-- CreateIndex
CREATE INDEX "device_uses_started_at_idx" ON "device_uses"("started_at");

-- CreateIndex
CREATE INDEX "device_uses_ended_at_idx" ON "device_uses"("ended_at");

-- CreateIndex
CREATE INDEX "start_estimates_made_at_idx" ON "start_estimates"("made_at");

-- CreateIndex
CREATE INDEX "start_estimates_started_at_idx" ON "start_estimates"("started_at");
