import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Base } from '../base.ts';

/** Asks a Temporal server whether it is healthy; fails where it is not. */
export async function requireHealth({ tools }: Base, address: string): Promise<void> {
  const question = ['operator', 'cluster', 'health', '--address', address, '--command-timeout', '2s'];
  await promisify(execFile)(tools.temporal, question);
}
