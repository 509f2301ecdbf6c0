/** A data set's files are absent or are not what they should be. */
export class DataFileError extends Error {
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`data file ${path} ${problem}`, cause === undefined ? undefined : { cause });
    this.name = 'DataFileError';
    this.path = path;
  }
}
