-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "gradient_accumulation_steps" INTEGER NOT NULL DEFAULT 1;
