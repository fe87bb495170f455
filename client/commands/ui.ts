import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { servePage } from '../../server/serve-page.ts';
import { temporalRuns } from '../../server/temporal-runs.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark } from '../context.ts';
import { CommandError } from '../errors.ts';
import { openSession } from '../temporal/connection.ts';
import { userName } from '../temporal/requests.ts';

export interface UiFlags {
  /** 0 takes one that is free. */
  readonly port: number;
  /** Whether to open a browser. */
  readonly open: boolean;
  /** Who acts; the user of this process if absent. */
  readonly by?: string;
  /** Of this program. */
  readonly version: string;
}

/** `serin ui`: serves the page on loopback for whoever opens the printed address first, until interrupted. */
export async function uiCommand(context: CommandContext, flags: UiFlags): Promise<CommandResult> {
  const session = openSession(context.connection);
  const { address, namespace } = session;
  const { version, by: user = userName() } = flags;
  const runs = temporalRuns(session, { version, user, temporal: { address, namespace } });
  const page = await servePage(runs, flags).catch((error: unknown) => {
    throw explainPort(error, flags);
  });
  context.terminal.write(`${page.address}\n`);
  remark(context, `experiments of namespace ${namespace} at ${address}; opens once, acts as ${user}; Ctrl-C ends it`);
  if (flags.open && context.terminal.isScreen) openBrowser(page.address);
  const { interrupted } = context.terminal;
  if (!interrupted.aborted) await once(interrupted, 'abort');
  await page.close();
  await session.client.connection.close();
  return { exitCode: 0 };
}

function explainPort(error: unknown, { port }: UiFlags): unknown {
  const { code } = error as { readonly code?: unknown };
  if (code !== 'EADDRINUSE') return error;
  return new CommandError('failed', `port ${port} is in use; --port takes another`, { cause: error });
}

const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'open', linux: 'xdg-open' };

/** Where no browser can be opened, the address is there to be opened by hand. */
function openBrowser(address: string): void {
  const program = openers[process.platform];
  if (program === undefined) return;
  const opening = spawn(program, [address], { stdio: 'ignore', detached: true });
  opening.on('error', () => undefined);
  opening.unref();
}
