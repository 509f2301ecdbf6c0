// Where a bucket is, as the settings say it: s3://bucket/prefix?endpoint=https://…&region=…

export interface S3Location {
  bucket: string;
  /** What all keys begin with: empty, or ends with a slash. */
  prefix: string;
  /** Null is Amazon's own. */
  endpoint: string | null;
  region: string;
}

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Servers that have no regions take this one. */
const DEFAULT_REGION = 'us-east-1';
const PARAMETERS = ['endpoint', 'region'];

/** @throws Error whose message completes the sentence that names the setting, and repeats nothing that may be secret. */
export function parseS3Url(text: string): S3Location {
  const url = parse(text);
  if (url?.protocol !== 's3:') throw new Error('must be like s3://bucket/prefix?endpoint=https://minio.example:9000&region=eu-central-1');
  if (url.username !== '' || url.password !== '') throw new Error('must not hold credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname) || url.port !== '') throw new Error('must name a bucket of 3 to 63 small letters, digits, dots and hyphens');
  if (url.hash !== '') throw new Error('must have no part after a #');
  for (const name of url.searchParams.keys()) if (!PARAMETERS.includes(name)) throw new Error(`has the parameter ${name}; there are ${PARAMETERS.join(' and ')}`);
  for (const name of PARAMETERS) if (url.searchParams.getAll(name).length > 1) throw new Error(`has the parameter ${name} twice`);
  const prefix = readPrefix(url.pathname);
  const region = url.searchParams.get('region') ?? DEFAULT_REGION;
  if (!/^[a-z0-9-]{1,63}$/.test(region)) throw new Error('region must be a name such as eu-central-1');
  return { bucket: url.hostname, prefix: prefix === '' ? '' : `${prefix}/`, endpoint: readEndpoint(url.searchParams.get('endpoint')), region };
}

function readPrefix(pathname: string): string {
  const prefix = decode(pathname).replace(/^\/|\/$/g, '');
  if (!/^[\w!.*'()/-]*$/.test(prefix) || prefix.split('/').some((part, _, { length }) => part === '.' || part === '..' || (part === '' && length > 1))) {
    throw new Error("the prefix must be of letters, digits and !-_.*'(), with single slashes between its parts");
  }
  return prefix;
}

function readEndpoint(text: string | null): string | null {
  if (text === null) return null;
  const url = parse(text);
  const isPlain = url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' && url.search === '' && url.hash === '' && url.pathname === '/';
  if (!isPlain) throw new Error('endpoint must be like https://minio.example:9000, with nothing after the port');
  return url.origin;
}

/** What is not the code of any text stays as it is, and is no prefix. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
