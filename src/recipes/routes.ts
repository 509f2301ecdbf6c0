// Run specs with a known result.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ServiceError } from '../errors.js';
import { NameParams } from '../http/params.js';
import { onePage } from '../http/query.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { Recipe, RecipePage } from '../schemas/recipe.js';
import type { Services } from '../services.js';

export const recipeRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'recipes'> }> = async (app, { services }) => {
  app.get('/v1/recipes', {
    config: { access: 'read' },
    schema: { operationId: 'listRecipes', tags: ['recipes'], summary: 'List the recipes', response: { 200: ref(RecipePage), ...problems() } },
  }, async () => onePage(services.recipes.list()));

  app.get('/v1/recipes/:name', {
    config: { access: 'read' },
    schema: { operationId: 'getRecipe', tags: ['recipes'], summary: 'Get a recipe', params: NameParams, response: { 200: ref(Recipe), ...problems('not_found') } },
  }, async ({ params: { name } }) => {
    const recipe = services.recipes.find(name);
    if (recipe === null) throw new ServiceError('not_found', `There is no recipe "${name}".`);
    return recipe;
  });
};
