-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "best_metrics" JSONB;
