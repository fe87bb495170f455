import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gt, valid } from 'semver';
import { dateRelease } from './changelog.ts';
import { runCommand } from './run.ts';

/** @throws Error unless it is a semantic version after the present one. */
export function requireNext(version: string, present: string): void {
  if (valid(version) !== version) throw new Error(`"${version}" is no version: expected one such as 0.2.0`);
  if (!gt(version, present)) throw new Error(`${version} is not after ${present}, the version in package.json`);
}

export function readVersion(directory: string): string {
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** Writes a version wherever one stands, and its date into the changelog. */
export function writeVersion(directory: string, version: string, date: string): void {
  const changelog = join(directory, 'CHANGELOG.md');
  writeFileSync(changelog, dateRelease(readFileSync(changelog, 'utf8'), version, date));
  runCommand(['npm', 'version', version, '--no-git-tag-version'], directory);
  // The chart has the version of the package.
  runCommand(['npm', 'run', '--silent', 'generate'], directory);
}
