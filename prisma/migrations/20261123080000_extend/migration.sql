-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "extended_after" INTEGER;
