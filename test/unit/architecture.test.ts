// Dependencies point one way: no circle of imports among our own modules. (Lint holds the walls between folders.)
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, dirname } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/paths.js';

function modulesBelow(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('generated'))
    .map((name) => join(packageRoot, folder, name));
}

/** What a module needs at run time; types are gone by then, so a circle of types is none. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)[^'";]*?from\s+'(\.[^']+)\.js'/gms);
  const stems = [...statements].map((match) => resolve(dirname(file), match[1] ?? ''));
  return stems.map((stem) => (existsSync(`${stem}.tsx`) ? `${stem}.tsx` : `${stem}.ts`));
}

t.test('no module of src and workers imports itself by way of others', async (t) => {
  const graph = new Map([...modulesBelow('src'), ...modulesBelow('workers')].map((file) => [file, importsOf(file)]));
  t.ok(graph.size > 100, 'it looks at the whole code');
  t.ok(graph.get(join(packageRoot, 'src/server.ts'))?.includes(join(packageRoot, 'src/app.ts')), 'it sees imports');
  t.ok(graph.get(join(packageRoot, 'src/dashboard/main.tsx'))?.includes(join(packageRoot, 'src/dashboard/app/app.tsx')), 'of the dashboard too');
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].map((one) => relative(packageRoot, one)).join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  t.same(circles, []);
});
