-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "forked_from_run_id" UUID,
ADD COLUMN     "forked_from_step" INTEGER;
