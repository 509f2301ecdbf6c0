// The data folder as the file system has it.
import { statfs } from 'node:fs/promises';
import type { Usage } from '../schemas/usage.js';
import { walk, type FoundFile } from '../walk.js';

export interface Disk {
  files(): AsyncIterable<FoundFile[]>;
  space(): Promise<Usage['fileSystem']>;
}

export function createDisk(folder: string): Disk {
  return {
    files: () => walk(folder),
    async space() {
      const { bsize, blocks, bavail } = await statfs(folder);
      return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    },
  };
}
