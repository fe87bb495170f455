import { readFileSync, readdirSync } from 'node:fs';

/** The variable by which all that a command starts is found again, whatever session or group it is in. */
export const markVariable = 'SERIN_COMMAND';

/** Signals all processes that have the mark in their environment. Where there is no `/proc`, none is found. */
export function signalMarked(mark: string, signal: NodeJS.Signals): void {
  for (const id of processIds()) {
    if (!hasMark(id, mark)) continue;
    try {
      process.kill(Number(id), signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function processIds(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function hasMark(id: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${id}/environ`, 'utf8').split('\0').includes(`${markVariable}=${mark}`);
  } catch {
    // It has ended, or belongs to somebody else.
    return false;
  }
}
