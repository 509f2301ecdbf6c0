// The data sets that runs may name.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ServiceError } from '../errors.js';
import { NameParams } from '../http/params.js';
import { onePage } from '../http/query.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { Dataset, DatasetPage } from '../schemas/dataset.js';
import type { Services } from '../services.js';

export const datasetRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'datasets'> }> = async (app, { services }) => {
  app.get('/v1/datasets', {
    config: { access: 'view' },
    schema: { operationId: 'listDatasets', tags: ['datasets'], summary: 'List the data sets', response: { 200: ref(DatasetPage), ...problems() } },
  }, async () => onePage(services.datasets.list()));

  app.get('/v1/datasets/:name', {
    config: { access: 'view' },
    schema: { operationId: 'getDataset', tags: ['datasets'], summary: 'Get a data set', params: NameParams, response: { 200: ref(Dataset), ...problems('not_found') } },
  }, async ({ params: { name } }) => {
    const dataset = services.datasets.find(name);
    if (dataset === null) throw new ServiceError('not_found', `There is no data set "${name}".`);
    return dataset;
  });
};
