// Builds the dashboard into dist/dashboard: hashed names, each text also compressed, so that the service compresses nothing.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const COMPRESSED = /\.(?:js|css|svg|json|wasm)$/;
/** Shorter ones are not worth it. */
const LEAST_BYTES = 1024;

export default defineConfig({
  // Addresses are relative to the page's base, so that a prefix in front of the service does no harm.
  base: './',
  build: {
    outDir: fileURLToPath(new URL('../../dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // Browsers without it have no modules that we could use either; and the policy allows no inline script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Compressing takes half of the time, as it should.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [runSpecSchemas(), earlyTheme(), compressed()],
  // `npm run dashboard` serves the sources while the service runs beside it.
  server: { proxy: { '^/(v1|docs|openapi.json)': { target: 'http://127.0.0.1:8080', ws: true } } },
});

/** After everything else: what is compressed is what was written. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir = '' }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => COMPRESSED.test(file))) {
        const path = join(dir, name);
        const bytes = readFileSync(path);
        if (bytes.length < LEAST_BYTES) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** A script that runs before the styles are there. Bundled ones are modules, which run when the page was painted. */
function earlyTheme(): Plugin {
  const source = readFileSync(new URL('early-theme.js', import.meta.url), 'utf8');
  const built = `assets/early-theme-${createHash('sha256').update(source).digest('base64url').slice(0, 8)}.js`;
  return {
    name: 'early-theme',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: built, source });
    },
    // After Vite, which would look for a module; behind the base, to which its address is relative.
    transformIndexHtml: { order: 'post', handler: (html, { server }) => html.replace(/<base[^>]*>/, (base) => `${base}\n  <script src="./${server === undefined ? built : 'early-theme.js'}"></script>`) },
  };
}

/** `virtual:run-spec-schemas`: of the API's document the part that a run spec is made of, for the editor of specs. */
function runSpecSchemas(): Plugin {
  const name = 'virtual:run-spec-schemas';
  return {
    name,
    resolveId: (id) => (id === name ? id : null),
    load(id) {
      if (id !== name) return null;
      const { components } = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as { components: { schemas: Record<string, unknown> } };
      const kept: Record<string, unknown> = {};
      const keep = (schema: string): void => {
        if (schema in kept) return;
        kept[schema] = components.schemas[schema];
        for (const [, next] of JSON.stringify(kept[schema]).matchAll(/"#\/components\/schemas\/(\w+)"/g)) keep(next!);
      };
      keep('RunSpec');
      return `export const schemas = JSON.parse(${JSON.stringify(JSON.stringify(kept))});`;
    },
  };
}
