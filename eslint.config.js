// Lint rules; the last part holds the walls between the parts of the code.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const forbid = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group, message })) }] },
});
const OUTER = [['**/workers/*', '**/workers/**', '**/test/**', '**/dashboard/**'], 'src never imports workers, test or its own page'];
const PRISMA = [['@prisma/*', '**/generated/prisma/**'], 'only repositories (through src/db/client) touch Prisma'];
const BULLMQ = [['bullmq', 'ioredis'], 'only src/queue and src/live touch BullMQ and Redis'];

// The dashboard runs in browsers. Its parts build on those before them, and of the service they know types and what is
// portable alone.
const DASHBOARD_LAYERS = [['lib', ['api']], ['api', ['live']], ['live', ['ui', 'charts']], ['ui', []], ['charts', ['pages']], ['pages', ['app']], ['app', []]];
/** `depth`: how many folders up the service is. */
const layerRule = (files, { above, depth }) => ({
  files,
  rules: {
    'no-restricted-imports': 'off',
    '@typescript-eslint/no-restricted-imports': ['error', {
      patterns: [
        ...above.map((name) => ({ group: [`**/${name}/**`], allowTypeImports: true, message: `${files.join(', ')} does not build on ${name}` })),
        { regex: `^(\\.\\./){${depth},}(?!portable/)|^node:`, allowTypeImports: true, message: 'the dashboard runs in browsers, and knows of the service types and what is portable alone' },
      ],
    }],
  },
});

export default tseslint.config(
  { ignores: ['dist/', 'src/generated/', 'data/', 'test-output/', 'screenshots/', 'node_modules/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.{ts,tsx}'],
    rules: {
      'max-lines': ['error', 400],
      'max-params': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' }],
      // Numeric loops index arrays whose bounds they keep.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A schema and its type share one name.
      'no-redeclare': 'off',
      'no-restricted-syntax': ['error', { selector: "MemberExpression[object.name='process'][property.name='env']", message: 'only src/config.ts reads the environment' }],
    },
  },
  { files: ['src/config.ts', 'test/**', 'prisma.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  forbid(['src/**'], [OUTER, PRISMA, BULLMQ], ['src/db/**', 'src/queue/**', 'src/live/redis-bus.ts', 'src/ml/**', 'src/schemas/**', 'src/errors.ts']),
  forbid(['src/db/**', 'src/queue/**', 'src/live/redis-bus.ts'], [OUTER]),
  forbid(['src/ml/**'], [OUTER, PRISMA, BULLMQ, [['fastify', '@fastify/*', 'pg', '**/db/**', '**/runs/**', '**/live/**', '**/config.js'], 'src/ml is pure: it trains, and knows no service']]),
  forbid(['src/schemas/**', 'src/errors.ts'], [OUTER, PRISMA, BULLMQ, [['../*', '!../errors.js', '!../portable'], 'schemas and errors import nothing of ours but what is portable']]),
  layerRule(['src/dashboard/*.tsx'], { above: [], depth: 1 }),
  ...DASHBOARD_LAYERS.map(([layer], at) => layerRule([`src/dashboard/${layer}/**`], { above: DASHBOARD_LAYERS.slice(at).flatMap(([, above]) => above), depth: 2 })),
  // A page has a folder, and one of many parts a folder for each.
  layerRule(['src/dashboard/pages/*/**'], { above: ['app'], depth: 3 }),
  layerRule(['src/dashboard/pages/*/*/**'], { above: ['app'], depth: 4 }),
  {
    files: ['src/portable/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\./)', allowTypeImports: true, message: 'src/portable runs everywhere, and imports types alone' }] }] },
  },
  { files: ['src/schemas/**'], rules: { '@typescript-eslint/no-redeclare': 'off' } },
);
