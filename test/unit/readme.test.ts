// The README's tables are the code's facts: settings, error codes, recipes, commands.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Settings } from '../../src/config.js';
import { ERRORS } from '../../src/errors.js';
import { packageRoot } from '../../src/paths.js';
import { RECIPES } from '../../src/recipes/catalog.js';
import { RETRIES } from '../../src/runs/retry-policy.js';

const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
const section = (name: string) => readme.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0]?.trim() ?? '';
const cell = (value: unknown) => String(value).replaceAll('|', '\\|');

t.test('the table of settings is that of the code', async (t) => {
  const rows = Object.entries(Settings.properties).map(([name, schema]) => {
    const { default: fallback, description } = schema as { default?: unknown; description?: string };
    return `| \`${name}\` | ${fallback === undefined ? '' : `\`${cell(fallback)}\``} | ${cell(description)} |`;
  });
  t.equal(section('settings'), ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n'));
});

t.test('the table of errors is that of the code', async (t) => {
  const rows = Object.entries(ERRORS).map(([code, { status, title }]) => `| \`${code}\` | ${status} | ${cell(title)} |`);
  t.equal(section('errors'), ['| code | status | meaning |', '|---|---|---|', ...rows].join('\n'));
});

t.test('the table of failures says of each reason what the retry policy does', async (t) => {
  const rows = section('failures').split('\n').slice(2).map((row) => row.split('|').slice(1, 3));
  const retries = rows.flatMap(([reasons = '', then = '']) => {
    const words = then.trim();
    const retry = words.startsWith('starts again once') ? 'in parts' : words.startsWith('starts again') ? 'again' : 'never';
    return [...reasons.matchAll(/`(\w+)`/g)].map((match) => [match[1], retry]);
  });
  t.same(Object.fromEntries(retries), RETRIES);
  t.equal(retries.length, Object.keys(RETRIES).length, 'each once');
});

t.test('the table of recipes names every recipe, in order', async (t) => {
  const named = [...section('recipes').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map((match) => match[1]);
  t.same(named, RECIPES.map((recipe) => recipe.name));
});

t.test('every npm script that the README names exists', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const named = new Set([...readme.matchAll(/npm (?:run )?(demo|start|test|bench|setup:[a-z]+|recipes|openapi|lint|build)\b/g)].map((match) => match[1] ?? ''));
  t.ok(named.size >= 4, 'it names some');
  for (const name of named) t.ok(scripts[name], `npm run ${name}`);
});
