import { readdirSync, readFileSync } from 'node:fs';

/** Ids of all processes of this machine. */
export function processIds(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** The command and its arguments, with spaces between; empty when the process has ended meanwhile. */
export function commandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
