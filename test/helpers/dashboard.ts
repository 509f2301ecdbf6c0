// The dashboard in a real browser: signing in, what it complains of, and pictures to look at in screenshots/.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, ConsoleMessage, Locator, Page, WebSocketRoute } from 'playwright-core';
import { packageRoot } from '../../src/paths.js';
import { findBrowser } from './browser.js';
import { TEST_KEY } from './key.js';
import { until } from './poll.js';

const SHOTS = join(packageRoot, 'screenshots');

export const chromium = findBrowser();
/** For tests that need a browser: why they are skipped, or false. */
export const skipWithoutBrowser = chromium === null ? 'no Chromium on this machine; CHROMIUM_PATH may name one' : false;

export interface Visit {
  page: Page;
  /** Errors of scripts, those that the browser wrote to its console, and what axe finds serious in what is pictured. */
  faults: string[];
}
const faultsOf = new WeakMap<Page, string[]>();

/** A browser of somebody's own: with cookies that no other visit has. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  faultsOf.set(page, faults);
  page.on('pageerror', (error) => faults.push(String(error)));
  // A run may start in the moment in which its place in the queue is asked for.
  const isLate = (message: ConsoleMessage) => /\/queue$/.test(message.location().url) && /status of 409/.test(message.text());
  page.on('console', (message) => message.type() === 'error' && !isLate(message) && faults.push(message.text()));
  return { page, faults };
}

export const keyField = (page: Page): Locator => page.getByRole('textbox', { name: 'Key' });

/** Goes to a path of the service and signs in there. */
export async function signIn(page: Page, address: string, { path = '/', key = TEST_KEY }: { path?: string; key?: string } = {}): Promise<void> {
  await page.goto(`${address}${path}`);
  await keyField(page).fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** What one looks at is in the address, a moment later: it is not written with each movement of a slider. */
export const addressSays = (page: Page, pattern: RegExp): Promise<unknown> => until(() => pattern.test(page.url()), { what: `the address to say ${pattern}` });

/** Points that a chart of the page shows; null where there is no such chart. */
export async function pointsOf(page: Page, chart: string): Promise<number | null> {
  const text = await page.locator(`[data-chart="${chart}"] [data-points]`).getAttribute('data-points');
  return text === null ? null : Number(text);
}

/** One picture as it is. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  // The bar at the top stays in sight: it would be in the middle of a page that is scrolled.
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  // All that is another in the dark.
  dark: { type: 'rule', values: ['color-contrast'] },
};

/** Whatever keeps people from using what is shown, by the rules of WCAG AA that a program can check, is a fault. */
async function judge(page: Page, name: string, colorScheme: keyof typeof RULES): Promise<void> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify({ runOnly: RULES[colorScheme], resultTypes: ['violations'] })})`);
  for (const { id, impact, help, nodes } of violations) {
    if (impact === 'serious' || impact === 'critical') faultsOf.get(page)?.push(`${name}: ${id}: ${help}: ${nodes.slice(0, 5).map(({ target }) => target.join(' ')).join(', ')}${nodes.length > 5 ? ` and ${nodes.length - 5} more` : ''}`);
  }
}

/** Names of what is chosen in a row that is scrolled, where one has to scroll to see it. */
const UNSEEN = `[...document.querySelectorAll('[aria-current="page"], [role="tab"][aria-selected="true"]')].filter((entry) => {
  const { left, right } = entry.getBoundingClientRect();
  return left < 0 || right > innerWidth;
}).map((entry) => entry.textContent)`;

/** The page in light, in dark and on a phone, which is judged. The window is left as it was. */
export async function pictures(page: Page, name: string): Promise<void> {
  const size = page.viewportSize() ?? { width: 1440, height: 900 };
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    await picture(page, `${name}-${colorScheme}`);
    await judge(page, `${name}-${colorScheme}`, colorScheme);
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 380, height: 800 });
  await settled(page);
  const unseen = await page.evaluate<string[]>(UNSEEN);
  if (unseen.length > 0) faultsOf.get(page)?.push(`${name}-narrow: ${unseen.join(' and ')} lies beside the screen`);
  await picture(page, `${name}-narrow`);
  await page.setViewportSize(size);
}

/** Two frames later everything that was asked for has been drawn. */
export const settled = (page: Page): Promise<unknown> => page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

export interface Tap {
  /** The `after` of each subscription. */
  subscriptions: unknown[];
  cut(): Promise<void>;
}

/** Stands in the page's live connection: notes what it subscribes to, and can cut it. Before the page is opened. */
export async function tapLine(page: Page): Promise<Tap> {
  const subscriptions: unknown[] = [];
  let open: WebSocketRoute | null = null;
  await page.routeWebSocket(/\/v1\/live$/, (socket) => {
    open = socket;
    const service = socket.connectToServer();
    socket.onMessage((message) => {
      const { type, after } = JSON.parse(String(message)) as { type: string; after?: unknown };
      if (type === 'subscribe') subscriptions.push(after);
      service.send(message);
    });
  });
  return { subscriptions, cut: async () => open?.close({ code: 3000, reason: 'cut by the test' }) };
}
