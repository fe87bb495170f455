import { oneTimeAccess } from './access.ts';
import { buildApp } from './app.ts';
import { readAssets } from './assets.ts';
import { listen } from './listen.ts';
import type { Runs } from './runs.ts';

/** A page that is served on loopback. */
export interface ServedPage {
  /** Opens the page, once. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** Serves the page for one person on loopback. */
export async function servePage(runs: Runs, { port }: { readonly port: number }): Promise<ServedPage> {
  const access = oneTimeAccess();
  let hosts: readonly string[] = [];
  const app = buildApp({ runsOf: () => runs, access, assets: await readAssets(), hosts: () => hosts, scheme: 'http' });
  const listening = await listen(app, { host: '127.0.0.1', port });
  const names = ['127.0.0.1', 'localhost'];
  // Browsers leave the usual port out.
  hosts = [...names.map((name) => `${name}:${listening.port}`), ...(listening.port === 80 ? names : [])];
  return { address: `http://127.0.0.1:${listening.port}/login?token=${access.token}`, close: listening.close };
}
