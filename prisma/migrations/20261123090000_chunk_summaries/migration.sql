-- Chunks that are there already have no sum, which means that they are read whole.
-- AlterTable
ALTER TABLE "metric_chunks" ADD COLUMN     "nan" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sum" DOUBLE PRECISION;
