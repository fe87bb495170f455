import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../../sandbox/index.ts';

/** Puts programs of the sandbox into a folder of their own, and returns the search path on which they come first. */
export async function linkPrograms(
  { tools }: Sandbox,
  folder: string,
  names: readonly (keyof Sandbox['tools'])[],
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of names) await symlink(tools[name], join(folder, name));
  return searchPathWith(folder);
}

export function searchPathWith(folder: string): string {
  return `${folder}:${process.env['PATH'] ?? ''}`;
}
