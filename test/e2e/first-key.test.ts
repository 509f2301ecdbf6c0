// The first start as its users meet it: it prints a key, once, and nothing opens without it.
import t from 'tap';
import { call } from '../helpers/client.js';
import { startService } from '../helpers/service.js';

t.test('the first start prints a key, and no later one does', async (t) => {
  const unset = { TRAINYARD_ROLE: 'api', TRAINYARD_ADMIN_KEY: '' };
  const first = await startService(t, unset);
  const printed = first.output().split('\n').filter((line) => /ty_/.test(line));
  t.equal(printed.length, 1, 'on one line, by itself and not in the log');
  const key = printed[0]?.trim() ?? '';
  t.match(key, /^ty_[0-9a-f]{16}_[0-9a-f]{48}$/);
  t.match(await call(first.address, '/v1/me', { headers: { authorization: `Bearer ${key}` } }), { status: 200, body: { user: 'admin', team: 'default', role: 'admin' } });
  t.equal((await call(first.address, '/v1/me', { headers: { authorization: '' } })).status, 401, 'without a key there is nothing');
  await first.stop();
  const second = await startService(t, { ...unset, TRAINYARD_DATA_DIR: first.dataDir });
  t.notMatch(second.output(), /ty_/);
  t.equal((await call(second.address, '/v1/me', { headers: { authorization: `Bearer ${key}` } })).status, 200, 'it is as good as before');
  await second.stop();
});
