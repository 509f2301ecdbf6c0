// The API on a real database, two teams, and somebody of each role in the first.
import type { AddressInfo } from 'node:net';
import type { InjectOptions } from 'fastify';
import { buildApp } from '../../../src/app.js';
import { compose } from '../../../src/compose.js';
import type { Config } from '../../../src/config.js';
import { documentOf } from '../../../src/http/documentation.js';
import type { CreatedApiKey, Role } from '../../../src/schemas/identity.js';
import type { Run } from '../../../src/schemas/run.js';
import { createAnswerCheck, type OpenApiDocument } from '../../helpers/api.js';
import { testConfig, testLog } from '../../helpers/config.js';
import { TEST_KEY } from '../../helpers/key.js';
import { testDatabase, type TestScope } from '../../helpers/postgres.js';
import { SPEC } from '../workers/harness.js';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Record<string, unknown>;
  body: T;
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

export type Place = Awaited<ReturnType<typeof identityPlace>>;

export async function identityPlace(t: TestScope, changes: Partial<Config> = {}) {
  const { url } = await testDatabase(t);
  const config = testConfig(t, changes);
  const composition = await compose({ ...config, databaseUrl: url, role: 'api' }, testLog());
  const app = buildApp({ config, services: composition.services, log: testLog() });
  t.teardown(async () => {
    await app.close();
    await composition.close();
  });
  await app.ready();
  const document = JSON.parse(documentOf(app)) as OpenApiDocument;
  const check = createAnswerCheck(document);

  /** With the operator's key unless another, or none, is given. Every answer must be a documented one. */
  async function ask<T = Record<string, unknown>>(method: string, path: string, { key = TEST_KEY, json, headers = {} }: { key?: string | null; json?: unknown; headers?: Record<string, string> } = {}): Promise<Answer<T>> {
    const request: InjectOptions = {
      method: method as 'GET',
      url: path,
      headers: { ...(key === null ? {} : bearer(key)), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(json === undefined ? {} : { payload: JSON.stringify(json) }),
    };
    const response = await app.inject(request);
    check({ method, url: path }, response);
    const isJson = /json/.test(String(response.headers['content-type']));
    return { status: response.statusCode, headers: response.headers, body: (isJson ? response.json() : response.body) as T };
  }

  /** Done by the operator. @throws Error when it is refused */
  async function done<T>(method: string, path: string, json?: unknown, key = TEST_KEY): Promise<T> {
    const answer = await ask<T>(method, path, { key, ...(json === undefined ? {} : { json }) });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A user in a team, and a key. */
  async function join(team: string, user: string, role: Role, about: object = {}): Promise<CreatedApiKey> {
    await ask('POST', '/v1/users', { json: { name: user } });
    await done('PUT', `/v1/teams/${team}/members/${user}`, { role });
    return done<CreatedApiKey>('POST', '/v1/keys', { name: `of ${user}`, team, user, ...about });
  }

  const submit = (key = TEST_KEY) => done<Run>('POST', '/v1/runs', SPEC, key);

  async function listen(): Promise<string> {
    await app.listen({ port: 0, host: '127.0.0.1' });
    return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  }

  return { app, document, url, databaseUrl: composition.databaseUrl, services: composition.services, firstKey: composition.firstKey, ask, done, join, submit, listen };
}
