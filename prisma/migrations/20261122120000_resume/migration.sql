-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "retries" INTEGER NOT NULL DEFAULT 0;
