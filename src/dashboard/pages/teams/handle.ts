// Names of users, teams and boxes, as the service takes them. Pure.

/** Why it can be no name of a user or team; null where it can. */
export const faultOfHandle = (name: string): string | null => (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name) ? null : 'Lower-case letters, digits, dots, dashes and underscores.');

/** Of a box. */
export const faultOfBoxName = (name: string): string | null => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name) ? null : 'Letters, digits, dots, dashes and underscores.');
