import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Debian's; `.ci/run` installs it. */
const programs = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'];

/** The browser of this machine; undefined where it has none. */
export const chromiumPath = programs.find((path) => existsSync(path));

/** Starts a browser that asks nobody but the pages that it is shown. */
export async function startChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`expected Chromium as one of ${programs.join(', ')}`);
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet],
  });
}
