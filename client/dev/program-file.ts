import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program of serin that runs as a process of its own. */
type ProgramName = 'worker/main' | 'client/dev/keeper';

/** The file of a program: a source like this file, or compiled like it. */
export function programFile(name: ProgramName): string {
  return fileURLToPath(new URL(`../../${name}${extname(import.meta.url)}`, import.meta.url));
}
