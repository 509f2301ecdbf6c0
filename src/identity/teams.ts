// Teams, who belongs to them, and users.
import { ServiceError } from '../errors.js';
import { isUniqueViolation, type Database } from '../db/client.js';
import { DEFAULT_TEAM } from '../db/seed.js';
import type { Member, NewTeam, Role, Team, TeamChange, User } from '../schemas/identity.js';
import { refuseOverOperator, type Principal } from './principal.js';

export interface TeamService {
  /** One's own, or all of them for who runs the service; by name. */
  list(principal: Principal): Promise<Team[]>;
  /** @throws ServiceError not_found */
  get(principal: Principal, name: string): Promise<Team>;
  /** @throws ServiceError name_taken */
  create(team: NewTeam): Promise<Team>;
  /** Its share and quotas. @throws ServiceError not_found */
  change(name: string, change: TeamChange): Promise<Team>;
  /** With its members' keys for it. @throws ServiceError not_found, team_in_use */
  delete(name: string): Promise<void>;
  /** By name. @throws ServiceError not_found */
  listMembers(principal: Principal, team: string): Promise<Member[]>;
  /** Adds a member, or changes its role. @throws ServiceError not_found */
  putMember(principal: Principal, team: string, user: string, role: Role): Promise<Member>;
  /** With its keys for the team. @throws ServiceError not_found */
  removeMember(principal: Principal, team: string, user: string): Promise<void>;

  /** By name. */
  listUsers(): Promise<User[]>;
  /** @throws ServiceError name_taken */
  createUser(user: { name: string; operator?: boolean }): Promise<User>;
  /** @throws ServiceError not_found, last_operator */
  changeUser(name: string, change: { operator: boolean }): Promise<User>;
  /** With all its keys; its runs stay. @throws ServiceError not_found, last_operator */
  deleteUser(name: string): Promise<void>;
}

const WITH_COUNT = { _count: { select: { memberships: true } } } as const;
const WITH_TEAMS = { memberships: { include: { team: { select: { name: true } } }, orderBy: { team: { name: 'asc' } } } } as const;

export function createTeamService(database: Database, { onRevoked, onChanged }: { onRevoked: () => void; onChanged: () => void }): TeamService {
  /** Another team's name is not known to who does not run the service. */
  async function find({ team, rights }: Principal, name: string) {
    const row = name === team || rights.includes('operate') ? await database.team.findUnique({ where: { name }, include: WITH_COUNT }) : null;
    if (row === null) throw new ServiceError('not_found', `There is no team ${name}.`);
    return row;
  }

  async function findMember(principal: Principal, team: string, user: string) {
    const { id: teamId } = await find(principal, team);
    const row = await database.membership.findFirst({ where: { teamId, user: { name: user } }, include: { user: true } });
    if (row === null) throw new ServiceError('not_found', `The team ${team} has no member ${user}.`);
    refuseOverOperator(principal, row.user);
    return row;
  }

  async function findUser(name: string) {
    const row = await database.user.findUnique({ where: { name }, include: WITH_TEAMS });
    if (row === null) throw new ServiceError('not_found', `There is no user ${name}.`);
    return row;
  }

  /** The last who runs the service can neither go nor step down; two at once cannot either. */
  async function unlessLast<T>(name: string, work: (session: Pick<Database, 'user'>) => Promise<T>): Promise<T> {
    return database.$transaction(async (session) => {
      await session.$executeRaw`SELECT id FROM users WHERE operator FOR UPDATE`;
      if ((await session.user.count({ where: { operator: true, name: { not: name } } })) === 0) throw new ServiceError('last_operator');
      return work(session);
    });
  }

  return {
    async list({ team, rights }) {
      const rows = await database.team.findMany({ where: rights.includes('operate') ? {} : { name: team }, orderBy: { name: 'asc' }, include: WITH_COUNT });
      return rows.map(toTeam);
    },

    get: async (principal, name) => toTeam(await find(principal, name)),

    create: ({ name, ...share }) => unlessTaken(async () => toTeam(await database.team.create({ data: { name, ...storedShare(share) }, include: WITH_COUNT }))),

    async change(name, change) {
      const { count } = await database.team.updateMany({ where: { name }, data: storedShare(change) });
      if (count === 0) throw new ServiceError('not_found', `There is no team ${name}.`);
      onChanged();
      return toTeam(await database.team.findUniqueOrThrow({ where: { name }, include: WITH_COUNT }));
    },

    async delete(name) {
      // Whoever runs the service first belongs to it, and each start would make it anew.
      if (name === DEFAULT_TEAM) throw new ServiceError('team_in_use');
      const count = await database.$executeRaw`DELETE FROM teams WHERE name = ${name} AND NOT EXISTS (SELECT FROM runs WHERE team_id = teams.id)`;
      if (count === 0) throw (await database.team.findUnique({ where: { name } })) === null ? new ServiceError('not_found', `There is no team ${name}.`) : new ServiceError('team_in_use');
      onRevoked();
    },

    async listMembers(principal, team) {
      const { id: teamId } = await find(principal, team);
      const rows = await database.membership.findMany({ where: { teamId }, include: { user: true }, orderBy: { user: { name: 'asc' } } });
      return rows.map((row) => toMember(row, row.user.name));
    },

    async putMember(principal, team, user, role) {
      const { id: teamId } = await find(principal, team);
      const found = await findUser(user);
      refuseOverOperator(principal, found);
      const userId = found.id;
      const row = await database.membership.upsert({ where: { teamId_userId: { teamId, userId } }, create: { teamId, userId, role }, update: { role } });
      return toMember(row, user);
    },

    async removeMember(principal, team, user) {
      const { teamId, userId } = await findMember(principal, team, user);
      await database.membership.deleteMany({ where: { teamId, userId } });
      onRevoked();
    },

    listUsers: async () => (await database.user.findMany({ orderBy: { name: 'asc' }, include: WITH_TEAMS })).map(toUser),

    createUser: ({ name, operator = false }) => unlessTaken(async () => toUser(await database.user.create({ data: { name, operator }, include: WITH_TEAMS }))),

    async changeUser(name, { operator }) {
      const { id } = await findUser(name);
      const change = (session: Pick<Database, 'user'>) => session.user.update({ where: { id }, data: { operator }, include: WITH_TEAMS });
      return toUser(operator ? await change(database) : await unlessLast(name, change));
    },

    async deleteUser(name) {
      const { id } = await findUser(name);
      await unlessLast(name, (session) => session.user.delete({ where: { id } }));
      onRevoked();
    },
  };
}

async function unlessTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUniqueViolation(error) ? new ServiceError('name_taken') : error;
  }
}

const storedShare = ({ storageBytes, ...rest }: TeamChange) => ({ ...rest, ...(storageBytes === undefined ? {} : { storageBytes: storageBytes === null ? null : BigInt(storageBytes) }) });

type TeamRow = { name: string; createdAt: Date; weight: number; maxRuns: number | null; gpuSecondsPerDay: number | null; storageBytes: bigint | null; _count: { memberships: number } };

const toTeam = ({ name, createdAt, weight, maxRuns, gpuSecondsPerDay, storageBytes, _count }: TeamRow): Team =>
  ({ name, createdAt: createdAt.toISOString(), members: _count.memberships, weight, maxRuns, gpuSecondsPerDay, storageBytes: storageBytes === null ? null : Number(storageBytes) });

const toMember = ({ role, createdAt }: { role: string; createdAt: Date }, user: string): Member => ({ user, role: role as Role, since: createdAt.toISOString() });

function toUser({ name, operator, createdAt, memberships }: { name: string; operator: boolean; createdAt: Date; memberships: { role: string; team: { name: string } }[] }): User {
  return { name, operator, createdAt: createdAt.toISOString(), teams: memberships.map(({ role, team }) => ({ team: team.name, role: role as Role })) };
}
