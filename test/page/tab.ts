import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

/** A tab of a browser of its own; what goes wrong in it fails the test. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  // A busy machine draws slowly.
  context.setDefaultTimeout(60_000);
  const tab = await context.newPage();
  const problems: string[] = [];
  tab.on('pageerror', ({ message }) => problems.push(message));
  tab.on(
    'console',
    (message) => void (message.text().includes('Content Security Policy') && problems.push(message.text())),
  );
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  return tab;
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What accessibility rules find: those of WCAG 2.2 A and AA. */
export async function violations(
  tab: Page,
  rules: readonly string[] = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
): Promise<readonly string[]> {
  // The page's own policy lets no other script in.
  await tab.evaluate(await readFile(axe, 'utf8'));
  const found = await tab.evaluate<AxeResults>(
    `axe.run(document, { runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'] })`,
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Whether something is wider than the window. */
export async function overflows(tab: Page): Promise<boolean> {
  return tab.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}
