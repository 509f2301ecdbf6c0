// Downloads from a real disk over a real socket.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createDiskArtifactStore } from '../../../src/artifacts/store.js';
import type { Problem } from '../../../src/schemas/problem.js';
import { startApi } from '../../helpers/api.js';
import { WITH_KEY } from '../../helpers/key.js';
import { runningRun } from '../../helpers/trained-run.js';

const BYTES = 8 * 1024 * 1024 + 7;

t.test('a file on disk arrives as it was stored, whole and in parts', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-store-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const content = randomBytes(BYTES);
  await writeFile(join(folder, 'weights'), content);
  const disk = createDiskArtifactStore(join(folder, 'store'));
  const stored = await disk.put(join(folder, 'weights'));

  const api = await startApi(t);
  api.store.read = (sha256, range) => disk.read(sha256, range) as ReturnType<typeof api.store.read>;
  const { id } = await runningRun(api);
  const file = { path: 'model/weights.bin', contentType: 'application/octet-stream', ...stored };
  await api.artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind: 'final', epoch: 1, step: 1, metrics: {}, path: 'model', files: [file] });
  await api.app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/v1/runs/${id}/artifacts/model/weights.bin`;

  const whole = await fetch(url, { headers: WITH_KEY });
  t.equal(whole.headers.get('content-length'), String(BYTES));
  const received = Buffer.from(await whole.arrayBuffer());
  t.equal(createHash('sha256').update(received).digest('hex'), stored.sha256, 'byte for byte');
  t.equal(whole.headers.get('etag'), `"${stored.sha256}"`);

  const cuts = [0, 1, 65_536, 5_000_000, BYTES];
  const parts: Buffer[] = [];
  for (let at = 0; at + 1 < cuts.length; at += 1) {
    const response = await fetch(url, { headers: { ...WITH_KEY, range: `bytes=${cuts[at]}-${(cuts[at + 1] ?? 0) - 1}` } });
    t.equal(response.status, 206);
    parts.push(Buffer.from(await response.arrayBuffer()));
  }
  t.ok(Buffer.concat(parts).equals(content), 'the parts make the whole');

  const head = await fetch(url, { method: 'HEAD', headers: WITH_KEY });
  t.same([head.status, head.headers.get('content-length')], [200, String(BYTES)]);

  await disk.remove(stored.sha256);
  const lost = await fetch(url, { headers: WITH_KEY });
  t.equal(lost.status, 500);
  t.match((await lost.json()) as Problem, { code: 'internal' }, 'a lost file is a problem from its first byte on');
});
