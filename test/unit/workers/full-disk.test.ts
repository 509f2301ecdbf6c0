import t from 'tap';
import { isFullDisk } from '../../../workers/full-disk.js';

const failed = (code?: string) => Object.assign(new Error('write failed'), { code });

t.test('no space, no quota and the limit on a file are a full disk', async (t) => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) t.ok(isFullDisk(failed(code)), code);
});

t.test('other failures are not', async (t) => {
  for (const code of ['EIO', 'ENOENT', undefined]) t.notOk(isFullDisk(failed(code)), String(code));
  t.notOk(isFullDisk('ENOSPC'), 'what is no error');
});
