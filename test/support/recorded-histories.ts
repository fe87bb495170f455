import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A history in `test/replay/histories`: of a release, or of what is to be the next one. */
interface RecordedHistory {
  readonly release: string;
  readonly name: string;
}

/** The folder of histories of no release yet. */
export const unreleased = 'next';

const folder = fileURLToPath(new URL('../replay/histories/', import.meta.url));

/** The path of a history, or of all of one release. */
export function historyFile({ release, name }: { readonly release: string; readonly name?: string }): string {
  return name === undefined ? `${folder}${release}` : `${folder}${release}/${name}.json`;
}

/** Every history, those of the newest code first. */
export function listHistories(): readonly RecordedHistory[] {
  return readdirSync(folder).toSorted(newestFirst).flatMap(listRelease);
}

function listRelease(release: string): readonly RecordedHistory[] {
  const files = readdirSync(historyFile({ release })).filter((file) => file.endsWith('.json'));
  return files.map((file) => ({ release, name: file.replace('.json', '') }));
}

/** By version; words come before numbers. */
function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}

/** The path of the newest history of this name; undefined where there is none. */
export function findHistory(name: string): string | undefined {
  const newest = listHistories().find((history) => history.name === name);
  return newest && historyFile(newest);
}

/** Fails where nothing was recorded by this name. */
export function requireHistory(name: string): string {
  const path = findHistory(name);
  if (path === undefined) throw new Error(`no history is called ${name}: \`npm run record\` makes it`);
  return path;
}
