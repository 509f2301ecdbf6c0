// Addresses of buckets: what they say, and a sentence for each fault, without what may be secret.
import t from 'tap';
import { parseS3Url } from '../../../src/artifacts/s3-location.js';

t.test('an address says bucket, prefix, endpoint and region', async (t) => {
  const plain = { bucket: 'yard', prefix: '', endpoint: null, region: 'us-east-1' };
  for (const [url, location] of [
    ['s3://yard', plain],
    ['s3://yard/', plain],
    ['s3://yard/team', { ...plain, prefix: 'team/' }],
    ['s3://yard/team/a/', { ...plain, prefix: 'team/a/' }],
    ['s3://my.yard-2?region=eu-central-1', { ...plain, bucket: 'my.yard-2', region: 'eu-central-1' }],
    ['s3://yard/t?endpoint=http://127.0.0.1:9000', { ...plain, prefix: 't/', endpoint: 'http://127.0.0.1:9000' }],
    ['s3://yard?endpoint=https%3A%2F%2Fminio.example%2F', { ...plain, endpoint: 'https://minio.example' }],
  ] as const) t.strictSame(parseS3Url(url), location, url);
});

t.test('a fault is said', async (t) => {
  for (const [url, message] of [
    ['', /must be like s3:/],
    ['yard', /must be like s3:/],
    ['https://yard/team', /must be like s3:/],
    ['s3://key:hunter2@yard', /must not hold credentials/],
    ['s3://', /must name a bucket/],
    ['s3://Yard_1', /must name a bucket/],
    ['s3://yard:9000', /must name a bucket/],
    ['s3://yard/a//b', /prefix/],
    ['s3://yard/a%00b', /prefix/],
    ['s3://yard/%E0%A4%A', /prefix/],
    ['s3://yard/a%2F..%2Fb', /prefix/],
    ['s3://yard#x', /after a #/],
    ['s3://yard?secret=hunter2', /has the parameter secret; there are endpoint and region/],
    ['s3://yard?region=a&region=b', /region twice/],
    ['s3://yard?region=EU', /region must be/],
    ['s3://yard?endpoint=minio:9000', /endpoint must be/],
    ['s3://yard?endpoint=https://a:hunter2@minio', /endpoint must be/],
    ['s3://yard?endpoint=https://minio/path', /endpoint must be/],
  ] as const) {
    try {
      parseS3Url(url);
      t.fail(`${url} has a fault`);
    } catch (error) {
      t.match(error, { message }, url);
      t.notMatch(error, { message: /hunter2/ }, 'without a secret');
    }
  }
});
