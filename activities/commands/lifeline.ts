import { openSync, realpathSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A file that only the guard and what its command starts have open: they inherit it, and nobody else can open it. */
export interface Lifeline {
  readonly number: number;
  /** How `/proc` shows it. */
  readonly link: string;
}

const fileName = '.lifeline';

/**
 * Opens the lifeline of the command that works in a directory. Only a process that starts nothing but the command may do so: whatever
 * it starts has the file open for a moment, until it runs its own program.
 */
export function openLifeline(directory: string): Lifeline {
  const path = join(directory, fileName);
  const number = openSync(path, 'wx');
  unlinkSync(path);
  return { number, link: lifelineLink(realpathSync(directory)) };
}

/** How `/proc` shows the lifeline of a directory, whose path has no symbolic link. */
export function lifelineLink(directory: string): string {
  return `${join(directory, fileName)} (deleted)`;
}
