// The data sets that runs may name.
import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ServiceError } from '../errors.js';
import { etagOf, isFresh } from '../http/etag.js';
import { NameParams } from '../http/params.js';
import { onePage } from '../http/query.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { Dataset, DatasetPage, MAX_PICTURES, PictureHeaders, PictureQuery, type Split } from '../schemas/dataset.js';
import type { Services } from '../services.js';
import type { DatasetInfo } from './catalog.js';
import { encodeSprite, SPRITE_COLUMNS } from './sprite.js';

const pictureHeaders = { etag: { type: 'string', description: 'Of the data set, the split and the numbers.' }, 'cache-control': { type: 'string', description: 'Kept, and asked for again by the tag.' } };

export const datasetRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'datasets' | 'pictures'> }> = async (app, { services }) => {
  function get(name: string): DatasetInfo {
    const dataset = services.datasets.find(name);
    if (dataset === null) throw new ServiceError('not_found', `There is no data set "${name}".`);
    return dataset;
  }

  app.get('/v1/datasets', {
    config: { access: 'view' },
    schema: { operationId: 'listDatasets', tags: ['datasets'], summary: 'List the data sets', response: { 200: ref(DatasetPage), ...problems() } },
  }, async () => onePage(services.datasets.list()));

  app.get('/v1/datasets/:name', {
    config: { access: 'view' },
    schema: { operationId: 'getDataset', tags: ['datasets'], summary: 'Get a data set', params: NameParams, response: { 200: ref(Dataset), ...problems('not_found') } },
  }, async ({ params: { name } }) => get(name));

  app.get('/v1/datasets/:name/images', {
    config: { access: 'view' },
    schema: {
      operationId: 'getDatasetImages', tags: ['datasets'], summary: 'Look at examples of a data set', params: NameParams, querystring: PictureQuery, headers: PictureHeaders,
      description: `The examples as they are stored, in one picture: side by side in the order of \`indices\`, ${SPRITE_COLUMNS} in a row. Each has the height and width of the data set's \`inputShape\`.`,
      response: {
        200: { description: 'The picture.', headers: pictureHeaders, content: { 'image/png': { schema: { type: 'string', format: 'binary' } } } } as unknown,
        304: { description: 'The client holds this picture already.', type: 'null' } as unknown,
        ...problems('not_found'),
      },
    },
  }, async ({ params: { name }, query: { split = 'test', indices }, headers }, reply) => {
    const dataset = get(name);
    const asked = parseIndices(indices, split === 'test' ? dataset.testCount : dataset.trainCount);
    const etag = tagOf(dataset, split, asked);
    const about = { etag, 'cache-control': 'private, no-cache' };
    if (isFresh(headers['if-none-match'], etag)) return reply.code(304).headers(about).send();
    const sprite = encodeSprite(await services.pictures.read(name, split, asked), dataset.inputShape);
    return reply.headers(about).type('image/png').send(sprite);
  });
};

/** @throws ServiceError bad_request */
function parseIndices(text: string, count: number): number[] {
  const unfit = (detail: string) => new ServiceError('bad_request', 'The query has values that this route does not take.', { parameters: [{ in: 'query', parameter: 'indices', detail }] });
  const words = text.split(',', MAX_PICTURES + 1).map((word) => word.trim());
  if (words.length > MAX_PICTURES) throw unfit(`must be at most ${MAX_PICTURES} numbers`);
  const wrong = words.find((word) => !/^\d{1,10}$/.test(word) || Number(word) >= count);
  if (wrong !== undefined) throw unfit(`must be numbers from 0 to ${count - 1}, with commas between; not ${JSON.stringify(wrong.slice(0, 40))}`);
  return words.map(Number);
}

/** A weak one: another version of the service may encode the same picture in other bytes. */
function tagOf({ files }: DatasetInfo, split: Split, indices: readonly number[]): string {
  return `W/${etagOf(createHash('sha256').update(JSON.stringify([files, split, indices, SPRITE_COLUMNS])).digest('hex'))}`;
}
