// What is using the disk, as the API shows it.
import { Type, type Static } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';
import { RUN_STATES } from '../portable/run-states.js';
import { RunId } from './run.js';

const bytes = (description: string) => Type.Integer({ minimum: 0, description });

export const FileUsage = strictObject(
  {
    files: Type.Integer({ minimum: 0, description: 'How many.' }),
    bytes: bytes('The sum of their sizes.'),
    diskBytes: bytes('What they take of this disk, in whole blocks, as `du` counts it: nothing where they are in a bucket.'),
  },
  { $id: 'FileUsage', description: 'Files, each counted once however many runs or names it has.' },
);
export type FileUsage = Static<typeof FileUsage>;

// A reference beside a description would lose it on the way into the document.
const fileUsage = (description: string) => Type.Unsafe<FileUsage>({ allOf: [ref(FileUsage)], description });

const CATEGORIES = {
  models: fileUsage('Files of runs, but for their training states.'),
  trainingStates: fileUsage('What runs go on from.'),
  orphans: fileUsage('Stored files that no run refers to. They are freed when they are an hour old.'),
  incoming: fileUsage('Files that are being stored, or were when their worker was killed; these, too, are freed after an hour.'),
  cache: fileUsage('Copies of files that are in a bucket. Those that were not used for the longest time make room for others.'),
  scratch: fileUsage('What trainers have written and is not stored yet.'),
  database: fileUsage('The embedded database: tables, logs and programs. Nothing where the database is elsewhere.'),
  other: fileUsage('Anything else in the data folder.'),
};
export type UsageCategory = keyof typeof CATEGORIES;
export const USAGE_CATEGORIES = Object.keys(CATEGORIES) as UsageCategory[];

export const RunUsage = strictObject(
  {
    id: RunId,
    name: Type.String({ description: 'Its name.' }),
    state: oneOf(RUN_STATES, { description: 'Where it is in its life.' }),
    ownBytes: bytes('What its deletion would free.'),
    sharedBytes: bytes('Of files that other runs have as well; freed with the last of them.'),
  },
  { $id: 'RunUsage', description: "What a run's files take." },
);
export type RunUsage = Static<typeof RunUsage>;

export const Usage = strictObject(
  {
    measuredAt: Type.String({ format: 'date-time', description: 'When files and sizes were looked at: once for all, and again after five seconds, or after twenty times as long as it took, ten minutes at most.' }),
    files: strictObject({ ...CATEGORIES, total: fileUsage('All of these.') }, { description: 'The data folder, as the file system has it; with a bucket, `models`, `trainingStates` and `orphans` are what the bucket lists.' }),
    fileSystem: strictObject({ totalBytes: bytes('Its size.'), freeBytes: bytes('What may still be written.') }, { description: 'That of the data folder.' }),
    database: strictObject(
      { totalBytes: bytes('All of it.'), eventBytes: bytes('Events of runs.'), curveBytes: bytes('Curves of runs.'), otherBytes: bytes('The rest: runs themselves, the queue, the catalog.') },
      { description: 'The database, as it says itself; where it is embedded these bytes are among `files.database`.' },
    ),
    runs: Type.Array(ref(RunUsage), { description: 'The twenty with the largest files, the largest first, as they were at most so long ago.' }),
  },
  { $id: 'Usage', description: 'What is using the disk.' },
);
export type Usage = Static<typeof Usage>;
