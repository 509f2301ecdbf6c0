// A real browser for end-to-end tests, where the machine has one.
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser named by `CHROMIUM_PATH`, else the first that is installed; null where there is none. */
export function findBrowser(): string | null {
  const named = process.env.CHROMIUM_PATH;
  return (named === undefined ? PLACES : [named]).find((path) => existsSync(path)) ?? null;
}

/** Starts it headless, with a profile of its own. Closed when `t` ends. */
export async function startBrowser(t: { teardown(work: () => Promise<void>): void }, path: string): Promise<Browser> {
  // Chromium's sandbox needs namespaces that root in a container does not have.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({
    executablePath: path,
    args: [...asRoot, '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
  t.teardown(() => browser.close());
  return browser;
}
