import { readFile } from 'node:fs/promises';
import { findEncodingProblem, formatEncodingProblem } from '../../core/text/encoding.ts';
import { CommandError } from '../errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** A file that was named on the command line; `-` is the standard input. */
export interface InputFile {
  /** The name that messages use. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Reads a file that was named on the command line. Fails with `usage` when it cannot be read, is empty, or is no UTF-8. */
export async function readInputFile(terminal: Terminal, path: string): Promise<InputFile> {
  const name = path === '-' ? '(standard input)' : path;
  const bytes = path === '-' ? await terminal.readInput() : await readNamed(path);
  if (bytes.length === 0) throw new CommandError('usage', `${name} is empty`);
  const problem = findEncodingProblem(bytes);
  if (problem !== undefined) throw new CommandError('usage', formatEncodingProblem(name, problem));
  return { name, bytes, text: new TextDecoder().decode(bytes) };
}

async function readNamed(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `${path} cannot be read: ${reason}`, { cause: error });
  }
}
