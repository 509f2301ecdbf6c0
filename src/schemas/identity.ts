// Teams, users, keys, sessions, shares and the audit as the API shows them.
import { Type, type Static } from 'typebox';
import { oneOf, page, strictObject } from './build.js';
import { RunId } from './run.js';

export const ROLES = ['viewer', 'member', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Each route asks for one of these. */
export const RIGHTS = {
  view: 'look at a run that one was given: its curves, events, files and model',
  read: 'list and look at all that the team has, and plan runs',
  write: "submit, steer, share and delete the team's runs",
  manage: "the team's members and keys, and the record of what was done",
  operate: 'the service: teams, users and workers',
} as const;
export type Right = keyof typeof RIGHTS;

/** What a key may be restricted to; whoever may do anything may look. */
export const SCOPES = ['read', 'write', 'manage', 'operate'] as const satisfies readonly Right[];
export type Scope = (typeof SCOPES)[number];

export const SESSION_COOKIE = 'trainyard_session';
export const CSRF_HEADER = 'x-csrf-token';

/** What each kind of secret begins with, so that a leaked one is told for what it is. */
export const TOKEN_PREFIXES = { key: 'ty', session: 'tys', ticket: 'tyt', link: 'tyl', box: 'tyw' } as const;
export type TokenKind = keyof typeof TOKEN_PREFIXES;
/** `ty_<id>_<secret>` */
export const tokenPattern = (kind: TokenKind) => `^${TOKEN_PREFIXES[kind]}_([0-9a-f]{16})_([0-9a-f]{48})$`;

const time = (description: string) => Type.String({ format: 'date-time', description });
const timeOrNull = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

/** Of users and teams. */
export const Handle = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$', description: 'Lower-case letters, digits, dots, dashes and underscores.' });
const right = (description: string) => oneOf(Object.keys(RIGHTS) as Right[], { description });
const role = oneOf(ROLES, { description: '`viewer` looks, `member` also submits and steers runs, `admin` also manages the team.' });
const scopes = Type.Array(oneOf(SCOPES), { uniqueItems: true, minItems: 1, description: 'What the key may be used for, out of what its user may do.' });
const lifetime = Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 3650 }), Type.Null()], { description: 'Days until it expires; null, or nothing, is never.' }));

export const Identity = strictObject(
  {
    user: Type.Union([Type.String(), Type.Null()], { description: 'Null for who has a link.' }),
    team: Type.String({ description: 'The team whose things one sees.' }),
    role: Type.Union([role, Type.Null()], { description: 'In the team; null for who has a link.' }),
    rights: Type.Array(right('One of them.'), { description: 'What one may do.' }),
    runId: Type.Union([RunId, Type.Null()], { description: 'The only run that one sees, for who has a link.' }),
    expiresAt: timeOrNull('When the key, or the session, ends.'),
  },
  { $id: 'Identity', description: 'Who one is here.' },
);
export type Identity = Static<typeof Identity>;

export const Login = Type.Union(
  [
    strictObject({ key: Type.String({ pattern: tokenPattern('key'), description: 'An API key.' }) }),
    strictObject({ link: Type.String({ pattern: tokenPattern('link'), description: 'The secret of a link.' }) }),
  ],
  { $id: 'Login', description: 'One of the two.' },
);
export type Login = Static<typeof Login>;

export const BrowserSession = strictObject(
  { identity: Type.Unsafe<Identity>({ $ref: 'Identity#' }), csrfToken: Type.Union([Type.String(), Type.Null()], { description: 'To be sent as `x-csrf-token` with every request that changes something; null where the service asks for no keys.' }) },
  { $id: 'BrowserSession', description: 'The session itself is in an HttpOnly cookie.' },
);
export type BrowserSession = Static<typeof BrowserSession>;

export const Ticket = strictObject(
  { ticket: Type.String({ description: 'Good once.' }), expiresAt: time('When it is good no more.') },
  { $id: 'Ticket', description: 'Stands for its maker once, for what can send no header: `/v1/live?ticket=…`.' },
);
export type Ticket = Static<typeof Ticket>;

export const ApiKey = strictObject(
  {
    id: Type.String({ description: 'The part of the key that is no secret.' }),
    name: Type.String({ description: 'What it is for.' }),
    user: Type.String({ description: 'Whose it is.' }),
    team: Type.String({ description: 'The team whose things it opens.' }),
    scopes,
    createdBy: Type.String({ description: 'The user, and the key, that made it.' }),
    createdAt: time('When it was made.'),
    expiresAt: timeOrNull('When it ends; null is never.'),
    revokedAt: timeOrNull('When it was revoked.'),
    usedAt: timeOrNull('When it was last used, to the minute.'),
  },
  { $id: 'ApiKey', description: 'A key, without its secret.' },
);
export type ApiKey = Static<typeof ApiKey>;
export const ApiKeyPage = page(ApiKey, 'ApiKeyPage');

export const CreatedApiKey = strictObject({ ...ApiKey.properties, key: Type.String({ description: 'The key itself. It is shown this once.' }) }, { $id: 'CreatedApiKey', description: 'A new key.' });
export type CreatedApiKey = Static<typeof CreatedApiKey>;

export const NewApiKey = strictObject(
  { name: Type.String({ minLength: 1, maxLength: 100, description: 'What it is for.' }), user: Type.Optional(Handle), team: Type.Optional(Handle), scopes: Type.Optional(scopes), expiresInDays: lifetime },
  { $id: 'NewApiKey', description: 'For oneself, or for a member of the team that one manages; for a member of any team, if one runs the service. Without scopes it may do all that its user and its maker may.' },
);
export type NewApiKey = Static<typeof NewApiKey>;

/** Of a team; null is without one. */
const QUOTAS = {
  maxRuns: Type.Union([Type.Integer({ minimum: 0, maximum: 100_000 }), Type.Null()], { description: 'Runs on devices at once, at most; null is without a limit.' }),
  gpuSecondsPerDay: Type.Union([Type.Number({ minimum: 0, maximum: 1e9 }), Type.Null()], { description: 'Seconds on GPUs from midnight to midnight in UTC, a second on a processor counting a tenth; when they are used up its runs make room until tomorrow. Null is without a limit.' }),
  storageBytes: Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], { description: 'Bytes of stored files from which on it can submit and resume no runs, and those that wait do not start; null is without a limit.' }),
};
const weight = Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'Its share of the devices is its weight among those of the teams that want some.' });

export const Team = strictObject({ name: Handle, createdAt: time('When it was made.'), members: Type.Integer({ minimum: 0, description: 'How many users belong to it.' }), weight, ...QUOTAS }, { $id: 'Team', description: 'Runs, data and models belong to a team.' });
export type Team = Static<typeof Team>;
export const TeamPage = page(Team, 'TeamPage');
const share = { weight: Type.Optional(weight), maxRuns: Type.Optional(QUOTAS.maxRuns), gpuSecondsPerDay: Type.Optional(QUOTAS.gpuSecondsPerDay), storageBytes: Type.Optional(QUOTAS.storageBytes) };
export const TeamChange = strictObject(
  share,
  { $id: 'TeamChange', description: "A team's share and quotas. What is left out stays as it is." },
);
export type TeamChange = Static<typeof TeamChange>;

export const NewTeam = strictObject({ name: Handle, ...share }, { $id: 'NewTeam', description: 'A team to be made, with its share and quotas; without any, and of weight 1, where they are left out.' });
export type NewTeam = Static<typeof NewTeam>;

export const Member = strictObject({ user: Handle, role, since: time('Since when.') }, { $id: 'Member', description: 'A user in a team.' });
export type Member = Static<typeof Member>;
export const MemberPage = page(Member, 'MemberPage');
export const MemberRole = strictObject({ role }, { $id: 'MemberRole', description: 'A role in a team.' });

export const User = strictObject(
  { name: Handle, operator: Type.Boolean({ description: 'Runs the service: teams, users and workers.' }), teams: Type.Array(strictObject({ team: Handle, role }), { description: 'Where they belong.' }), createdAt: time('When they were made.') },
  { $id: 'User', description: 'Somebody who has keys.' },
);
export type User = Static<typeof User>;
export const UserPage = page(User, 'UserPage');
export const NewUser = strictObject({ name: Handle, operator: Type.Optional(Type.Boolean({ default: false, description: 'Whether they run the service.' })) }, { $id: 'NewUser', description: 'A user to be made.' });
export const UserChange = strictObject({ operator: Type.Boolean({ description: 'Whether they run the service.' }) }, { $id: 'UserChange', description: 'What of a user can be changed.' });

export const Share = strictObject(
  {
    id: Type.String({ description: 'Its name.' }),
    team: Type.Union([Handle, Type.Null()], { description: 'Who may look; null for whoever has the link.' }),
    createdBy: Type.String({ description: 'Who shared it.' }),
    createdAt: time('When.'),
    expiresAt: timeOrNull('Until when; null is for ever.'),
  },
  { $id: 'Share', description: 'That others may look at a run, with its curves, events, files and model.' },
);
export type Share = Static<typeof Share>;
export const SharePage = page(Share, 'SharePage');
export const CreatedShare = strictObject(
  { ...Share.properties, link: Type.Union([Type.String(), Type.Null()], { description: 'The secret of a link, shown this once: `Authorization: Bearer tyl_…`, or `/#link=tyl_…` in a browser.' }) },
  { $id: 'CreatedShare', description: 'A new share.' },
);
export type CreatedShare = Static<typeof CreatedShare>;
export const NewShare = strictObject({ team: Type.Optional(Handle), expiresInDays: lifetime }, { $id: 'NewShare', description: 'With a team, or, without one, by a link.' });
export type NewShare = Static<typeof NewShare>;

export const AuditEntry = strictObject(
  {
    id: Type.String({ format: 'uuid', description: 'Sortable by time.' }),
    at: time('When it was answered.'),
    team: Type.Union([Handle, Type.Null()], { description: 'For which team; null for what is of no team.' }),
    actor: Type.String({ description: 'The user, or the link.' }),
    keyId: Type.Union([Type.String(), Type.Null()], { description: 'By which key.' }),
    action: Type.String({ description: 'The operation, by its name in the API.' }),
    target: Type.String({ description: 'The address that was asked.' }),
    status: Type.Integer({ description: 'Of the answer.' }),
    requestId: Type.String({ description: 'As in the log.' }),
    address: Type.String({ description: 'Where the request came from.' }),
  },
  { $id: 'AuditEntry', description: 'One thing that somebody did, or was refused.' },
);
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditPage = page(AuditEntry, 'AuditPage');
