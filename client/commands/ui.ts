import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerFacts } from '../../server/api.ts';
import { servePage } from '../../server/serve-page.ts';
import { temporalRuns } from '../../server/temporal-runs.ts';
import type { CommandContext, CommandResult, ConnectionFlags } from '../context.ts';
import { remark } from '../context.ts';
import { CommandError } from '../errors.ts';
import { openSession } from '../temporal/connection.ts';
import { userName } from '../temporal/requests.ts';

/** How the page is served. */
interface PageFlags {
  /** 0 takes one that is free. */
  readonly port: number;
  /** Who acts; the user of this process if absent. */
  readonly by?: string;
  /** Of this program. */
  readonly version: string;
}

export interface UiFlags extends PageFlags {
  /** Whether to open a browser. */
  readonly open: boolean;
}

/** `serin ui`: serves the page on loopback for whoever opens the printed address first, until interrupted. */
export async function uiCommand(context: CommandContext, flags: UiFlags): Promise<CommandResult> {
  return withPage(context.connection, flags, async ({ address, facts }) => {
    const { temporal, user } = facts;
    context.terminal.write(`${address}\n`);
    const where = `namespace ${temporal.namespace} at ${temporal.address}`;
    remark(context, `experiments of ${where}; opens once, acts as ${user}; Ctrl-C ends it`);
    const { interrupted, isScreen } = context.terminal;
    const removeEntrance = flags.open && isScreen ? await openBrowser(address) : undefined;
    if (!interrupted.aborted) await once(interrupted, 'abort');
    await removeEntrance?.();
    return { exitCode: 0 as const };
  });
}

/** Serves the page for as long as `use` takes. */
export async function withPage<T>(
  connection: ConnectionFlags,
  flags: PageFlags,
  use: (page: { readonly address: string; readonly facts: ServerFacts }) => Promise<T>,
): Promise<T> {
  const session = openSession(connection);
  const { address, namespace } = session;
  const { version, by: user = userName() } = flags;
  const facts = { version, user, temporal: { address, namespace } };
  try {
    const page = await servePage(temporalRuns(session, facts), flags).catch((error: unknown) => {
      throw explainPort(error, flags);
    });
    try {
      return await use({ address: page.address, facts });
    } finally {
      await page.close();
    }
  } finally {
    await session.client.connection.close();
  }
}

function explainPort(error: unknown, { port }: PageFlags): unknown {
  const { code } = error as { readonly code?: unknown };
  if (code !== 'EADDRINUSE') return error;
  return new CommandError('failed', `port ${port} is in use; --port takes another`, { cause: error });
}

const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'open', linux: 'xdg-open' };

/**
 * Opens a file that leads to the address: arguments of programs can be read by all users of the machine. Where no browser can be
 * opened, the address is there to be opened by hand. Returns how to remove the file.
 */
async function openBrowser(address: string): Promise<() => Promise<void>> {
  const program = openers[process.platform];
  const folder = await mkdtemp(join(tmpdir(), 'serin-ui-'));
  const entrance = join(folder, 'open.html');
  const html = `<!doctype html><meta http-equiv="refresh" content="0;url=${address}"><title>serin</title>`;
  await writeFile(entrance, html, { mode: 0o600 });
  if (program !== undefined) {
    const opening = spawn(program, [entrance], { stdio: 'ignore', detached: true });
    opening.on('error', () => undefined);
    opening.unref();
  }
  return () => rm(folder, { recursive: true, force: true });
}
