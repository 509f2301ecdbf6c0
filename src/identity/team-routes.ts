// Teams, their members, and users over HTTP.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { onePage } from '../http/query.js';
import { empty, problems } from '../http/responses.js';
import { ref, strictObject } from '../schemas/build.js';
import { Handle, Member, MemberPage, MemberRole, NewTeam, NewUser, Team, TeamChange, TeamPage, User, UserChange, UserPage } from '../schemas/identity.js';
import type { Services } from '../services.js';

const TeamParams = strictObject({ team: Handle });
const MemberParams = strictObject({ team: Handle, user: Handle });
const UserParams = strictObject({ user: Handle });

export const teamRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'teams'> }> = async (app, { services: { teams } }) => {
  app.get('/v1/teams', {
    config: { access: 'read' },
    schema: { operationId: 'listTeams', tags: ['identity'], summary: 'List teams', description: "One's own; all for who runs the service.", response: { 200: ref(TeamPage), ...problems() } },
  }, async ({ principal }) => onePage(await teams.list(principal)));

  app.post('/v1/teams', {
    config: { access: 'operate' },
    schema: { operationId: 'createTeam', tags: ['identity'], summary: 'Make a team', body: ref(NewTeam), response: { 201: ref(Team), ...problems('name_taken', 'unsupported_media_type') } },
  }, async ({ body }, reply) => reply.code(201).header('location', `/v1/teams/${body.name}`).send(await teams.create(body)));

  app.get('/v1/teams/:team', {
    config: { access: 'read' },
    schema: { operationId: 'getTeam', tags: ['identity'], summary: 'Get a team', params: TeamParams, response: { 200: ref(Team), ...problems('not_found') } },
  }, async ({ principal, params }) => teams.get(principal, params.team));

  app.patch('/v1/teams/:team', {
    config: { access: 'operate' },
    schema: { operationId: 'updateTeam', tags: ['identity'], summary: "Change a team's share and quotas", params: TeamParams, body: ref(TeamChange), response: { 200: ref(Team), ...problems('not_found', 'unsupported_media_type') } },
  }, async ({ params, body }) => teams.change(params.team, body));

  app.delete('/v1/teams/:team', {
    config: { access: 'operate' },
    schema: { operationId: 'deleteTeam', tags: ['identity'], summary: 'Delete a team that has no runs', params: TeamParams, response: { ...empty(204, 'The team is gone.'), ...problems('not_found', 'team_in_use') } },
  }, async ({ params }, reply) => {
    await teams.delete(params.team);
    return reply.code(204).send();
  });

  app.get('/v1/teams/:team/members', {
    config: { access: 'read' },
    schema: { operationId: 'listMembers', tags: ['identity'], summary: "List a team's members", params: TeamParams, response: { 200: ref(MemberPage), ...problems('not_found') } },
  }, async ({ principal, params }) => onePage(await teams.listMembers(principal, params.team)));

  app.put('/v1/teams/:team/members/:user', {
    config: { access: 'manage' },
    schema: {
      operationId: 'putMember', tags: ['identity'], summary: 'Add a member, or change its role', params: MemberParams, body: ref(MemberRole),
      response: { 200: ref(Member), ...problems('not_found', 'unsupported_media_type') },
    },
  }, async ({ principal, params, body: { role } }) => teams.putMember(principal, params.team, params.user, role));

  app.delete('/v1/teams/:team/members/:user', {
    config: { access: 'manage' },
    schema: {
      operationId: 'removeMember', tags: ['identity'], summary: 'Remove a member', params: MemberParams, description: 'Its keys for the team go with it.',
      response: { ...empty(204, 'It is no member any more.'), ...problems('not_found') },
    },
  }, async ({ principal, params }, reply) => {
    await teams.removeMember(principal, params.team, params.user);
    return reply.code(204).send();
  });

  app.get('/v1/users', {
    config: { access: 'operate' },
    schema: { operationId: 'listUsers', tags: ['identity'], summary: 'List users', response: { 200: ref(UserPage), ...problems() } },
  }, async () => onePage(await teams.listUsers()));

  app.post('/v1/users', {
    config: { access: 'operate' },
    schema: { operationId: 'createUser', tags: ['identity'], summary: 'Make a user', body: ref(NewUser), response: { 201: ref(User), ...problems('name_taken', 'unsupported_media_type') } },
  }, async ({ body }, reply) => reply.code(201).header('location', `/v1/users/${body.name}`).send(await teams.createUser(body)));

  app.patch('/v1/users/:user', {
    config: { access: 'operate' },
    schema: {
      operationId: 'updateUser', tags: ['identity'], summary: 'Change who runs the service', params: UserParams, body: ref(UserChange),
      response: { 200: ref(User), ...problems('not_found', 'last_operator', 'unsupported_media_type') },
    },
  }, async ({ params, body }) => teams.changeUser(params.user, body));

  app.delete('/v1/users/:user', {
    config: { access: 'operate' },
    schema: {
      operationId: 'deleteUser', tags: ['identity'], summary: 'Delete a user', params: UserParams, description: 'With all their keys; their runs stay.',
      response: { ...empty(204, 'The user is gone.'), ...problems('not_found', 'last_operator') },
    },
  }, async ({ params }, reply) => {
    await teams.deleteUser(params.user);
    return reply.code(204).send();
  });
};
