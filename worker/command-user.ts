import type { CommandUser } from '../formats/worker/settings.ts';

/** Why a worker of the user `own` cannot run commands as `user`; undefined when it can. */
export function commandUserProblem(user: CommandUser | undefined, own: number | undefined): string | undefined {
  if (user === undefined || own === 0) return undefined;
  return `SERIN_COMMAND_USER: expected a worker that runs as root, got one that runs as user ${own ?? 'unknown'}`;
}

/** What is to be said of a worker of the user `own` that runs commands as `user`; undefined when nothing is. */
export function commandUserWarning(user: CommandUser | undefined, own: number | undefined): string | undefined {
  if (own !== 0 || user !== undefined) return undefined;
  return 'the worker runs as root, and so do its commands: set SERIN_COMMAND_USER, or run it as another user';
}
