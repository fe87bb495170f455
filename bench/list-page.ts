import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { startChromium } from '../test/support/chromium.ts';
import { until } from '../test/support/until.ts';
import { readMemoryMib, readProcessTime } from './process-usage.ts';
import type { Usage } from './process-usage.ts';

/** What the list of the page costs its server and those who look at it. */
export interface ListFigures {
  /** From opening the address until all runs are in the table, ms. */
  readonly shownMs: number;
  /** Until each of them has been asked what it does, ms. */
  readonly askedMs: number;
  /** The server's, for each second in which somebody looks, after that. */
  readonly cpuPerSecondMs: number;
  readonly memoryMib: number;
}

interface Runs {
  /** Of Temporal. */
  readonly address: string;
  /** How many are open. */
  readonly count: number;
}

const lookedAtMs = 20_000;

/** Opens the list of `serin ui` in Chromium. `program` is the package's. */
export async function measureList(program: string, { address, count }: Runs): Promise<ListFigures> {
  const args = [program, 'ui', '--address', address, '--no-open'];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const browser = await startChromium();
  try {
    const [url] = (await once(createInterface(server.stdout), 'line')) as [string];
    const shown = await show(await browser.newPage(), { url, count });
    const before = usage(server.pid);
    await delay(lookedAtMs);
    const { cpuMs, memoryMib } = usage(server.pid);
    return { ...shown, cpuPerSecondMs: ((cpuMs - before.cpuMs) * 1000) / lookedAtMs, memoryMib };
  } finally {
    await browser.close();
    server.kill('SIGINT');
  }
}

async function show(
  page: Page,
  { url, count }: { readonly url: string; readonly count: number },
): Promise<Pick<ListFigures, 'shownMs' | 'askedMs'>> {
  const openedAtMs = performance.now();
  const rows = async (selector: string): Promise<number> => page.locator(selector).count();
  await page.goto(url);
  await until('all runs in the table', async () => (await rows('tbody tr')) >= count, { pollMs: 50 });
  const shownMs = performance.now() - openedAtMs;
  await until('all runs to be asked', async () => (await rows('td.what:empty')) === 0, { pollMs: 200 });
  return { shownMs, askedMs: performance.now() - openedAtMs };
}

function usage(pid = 0): Usage {
  const found = readProcessTime(pid);
  if (found === undefined) throw new Error('the server of the page has ended');
  return { cpuMs: found.cpuMs, memoryMib: readMemoryMib(pid) };
}
