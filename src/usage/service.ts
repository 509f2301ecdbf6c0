// What is using the disk: what lies in the data folder, sorted by what the index knows of it. With a bucket, what is
// stored lies there and takes none of this disk; the folder has copies.
import { isIncoming, storedAt, type ArtifactStore } from '../artifacts/store.js';
import { Kept } from '../kept.js';
import { USAGE_CATEGORIES, type FileUsage, type Usage, type UsageCategory } from '../schemas/usage.js';
import type { FoundFile } from '../walk.js';
import type { Disk } from './disk.js';
import type { StoredKind, UsageRepository } from './repository.js';

export interface UsageServiceOptions {
  usage: UsageRepository;
  disk: Disk;
  /** Where what is stored is not in the data folder. */
  bucket?: Pick<ArtifactStore, 'list'> | null;
  now?: () => number;
}

export interface UsageService {
  get(teamId: string): Promise<Usage>;
}

const LARGEST_RUNS = 20;
/** Who asks again at once is told the same. */
const FRESH_MS = 5_000;
/** Looking at every file, or listing a whole bucket, costs something: it is done in a twentieth of the time, or once in ten minutes. */
const REST_FACTOR = 20;
const LONGEST_REST_MS = 10 * 60_000;

type Runs = Usage['runs'];
/** The same for all teams. */
type Shared = Omit<Usage, 'runs'>;

export function createUsageService({ usage, disk, bucket = null, now = Date.now }: UsageServiceOptions): UsageService {
  const shared = new Kept<Shared>(restAfter, now);
  const runs = new Kept<Runs>(restAfter, now);

  async function measure(): Promise<Shared> {
    const measuredAt = new Date(now()).toISOString();
    const [files, fileSystem, { totalBytes, eventBytes, curveBytes }] = await Promise.all([measureFiles({ usage, disk, bucket }), disk.space(), usage.databaseSize()]);
    return { measuredAt, files, fileSystem, database: { totalBytes, eventBytes, curveBytes, otherBytes: totalBytes - eventBytes - curveBytes } };
  }

  return {
    async get(teamId) {
      const [all, ofTeam] = await Promise.all([shared.get(measure), runs.get(() => usage.largestRuns(teamId, LARGEST_RUNS), teamId)]);
      return { ...all, runs: ofTeam };
    },
  };
}

const restAfter = (tookMs: number) => Math.min(LONGEST_REST_MS, Math.max(FRESH_MS, REST_FACTOR * tookMs));

type Measured = Pick<FoundFile, 'bytes' | 'diskBytes' | 'identity'>;

async function measureFiles({ usage, disk, bucket }: { usage: UsageRepository; disk: Disk; bucket: Pick<ArtifactStore, 'list'> | null }): Promise<Usage['files']> {
  const zero = (): FileUsage => ({ files: 0, bytes: 0, diskBytes: 0 });
  const sums = Object.fromEntries([...USAGE_CATEGORIES, 'total' as const].map((name) => [name, zero()])) as Usage['files'];
  /** By hash. The index is asked for them when they have been seen: one that comes into it meanwhile is no orphan. */
  const stored = new Map<string, Measured>();
  const elsewhere: FoundFile[] = [];
  for await (const files of disk.files()) {
    for (const file of files) {
      const sha256 = bucket === null && file.path.startsWith(ARTIFACTS) ? storedAt(file.path.slice(ARTIFACTS.length)) : null;
      if (sha256 === null) elsewhere.push(file);
      else stored.set(sha256, file);
    }
  }
  if (bucket !== null) for await (const objects of bucket.list()) for (const { sha256, bytes } of objects) stored.set(sha256, { bytes, diskBytes: 0, identity: null });
  const seen = new Set<string | null>();
  const count = (name: UsageCategory, { bytes, diskBytes, identity }: Measured) => {
    if (identity !== null && seen.has(identity)) return;
    seen.add(identity);
    add(sums[name], { files: 1, bytes, diskBytes });
  };
  const kinds: ReadonlyMap<string, StoredKind> = await usage.kinds();
  for (const [sha256, file] of stored) count(kinds.get(sha256) ?? 'orphans', file);
  // What was stored a moment ago has its name in a scratch folder, too.
  for (const file of elsewhere) count(categoryOf(file.path), file);
  for (const name of USAGE_CATEGORIES) add(sums.total, sums[name]);
  return sums;
}

// The folders' names are those of config.ts and src/embedded.
const ARTIFACTS = 'artifacts/';
function categoryOf(path: string): UsageCategory {
  if (path.startsWith(ARTIFACTS)) return isIncoming(path.slice(ARTIFACTS.length)) ? 'incoming' : 'other';
  if (path.startsWith('cache/')) return 'cache';
  if (path.startsWith('scratch/')) return 'scratch';
  return path.startsWith('postgres/') ? 'database' : 'other';
}

function add(sum: FileUsage, { files, bytes, diskBytes }: FileUsage): void {
  sum.files += files;
  sum.bytes += bytes;
  sum.diskBytes += diskBytes;
}
