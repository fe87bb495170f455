import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FrozenPage } from '../../server/api.ts';

/** The file of a recorded state; without a name the folder of all. */
export function stateFile(name?: string): string {
  return fileURLToPath(new URL(`./states/${name === undefined ? '' : `${name}.json`}`, import.meta.url));
}

/** All recorded states by their names. */
export function readStates(): ReadonlyMap<string, FrozenPage> {
  const names = readdirSync(stateFile()).map((file) => file.replace(/\.json$/, ''));
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(stateFile(name), 'utf8')) as FrozenPage]));
}
