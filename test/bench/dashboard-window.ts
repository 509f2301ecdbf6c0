// A window of a real browser on the dashboard: how soon a page answers, how evenly it draws, and what it holds on to.
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { memoryMB, quantile } from './measure.js';
import type { Scope } from './scope.js';

export interface Frames {
  /** A second, over the whole time. */
  rate: number;
  /** Between two frames, in ms. */
  p95: number;
  longest: number;
}

/**
 * Opens a path in a new tab and closes it. Answers ms from the navigation until `isDone` (an expression) holds and is
 * painted, and until the page then answers a key that is pressed on `element` by changing its `aria-valuetext`.
 */
export async function openFor(context: BrowserContext, url: string, { isDone, element, key }: { isDone: string; element: string; key: string }): Promise<{ shown: number; answered: number }> {
  const page = await context.newPage();
  try {
    await page.goto(url, { waitUntil: 'commit' });
    // After two frames what was drawn in the first is on the screen.
    return await page.evaluate(`new Promise((done, fail) => {
      setTimeout(() => fail(new Error('not drawn within a minute: ' + document.body.innerText.slice(0, 300))), 60_000);
      const when = (holds, then) => (holds() ? requestAnimationFrame(() => requestAnimationFrame(then)) : requestAnimationFrame(() => when(holds, then)));
      when(() => ${isDone}, () => {
        const shown = performance.now();
        const element = document.querySelector(${JSON.stringify(element)});
        const before = element.getAttribute('aria-valuetext');
        element.focus();
        element.dispatchEvent(new KeyboardEvent('keydown', { key: ${JSON.stringify(key)}, bubbles: true, cancelable: true }));
        when(() => element.getAttribute('aria-valuetext') !== before, () => done({ shown, answered: performance.now() }));
      });
    })`);
  } finally {
    await page.close();
  }
}

/** How a page draws, for a while. */
export async function framesOf(page: Page, seconds: number): Promise<Frames> {
  const gaps = await page.evaluate<number[]>(`new Promise((done) => {
    const gaps = [];
    const begun = performance.now();
    let before;
    const tick = (now) => {
      if (before !== undefined) gaps.push(now - before);
      before = now;
      if (performance.now() - begun < ${seconds * 1000}) requestAnimationFrame(tick);
      else done(gaps);
    };
    requestAnimationFrame(tick);
  })`);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  return { rate: (1000 * gaps.length) / total, p95: quantile(gaps, 0.95), longest: Math.max(...gaps) };
}

export interface Held {
  /** Live objects of the page's scripts, in MB (10^6). */
  heapMB: number;
  elements: number;
  listeners: number;
  /** Of the process that draws the page. */
  processMB: number;
}

/** Reads what a page holds on to, after what is garbage was collected. */
export async function holdings(scope: Scope, page: Page): Promise<() => Promise<Held>> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  scope.teardown(() => cdp.detach().catch(() => undefined));
  await cdp.send('Performance.enable');
  return async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    await delay(100);
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
    return { heapMB: usedSize / 1e6, elements: nodes, listeners: jsEventListeners, processMB: memoryMB(await rendererOf(page)) };
  };
}

/** Chromium tells the processes of a browser, not which of them draws a page: it is the one that has used most time. */
async function rendererOf(page: Page): Promise<number> {
  const cdp = await page.context().browser()!.newBrowserCDPSession();
  try {
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime)[0]?.id ?? 0;
  } finally {
    await cdp.detach();
  }
}
