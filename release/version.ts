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

/** What names the image of the version. */
const imageUsers = [
  'deploy/README.md',
  'deploy/worker-deployment.yaml',
  'docker-compose.yml',
  'docs/install.md',
] as const;

/** Writes a version wherever one stands, and its date into the changelog. */
export function writeVersion(directory: string, version: string, date: string): void {
  const present = readVersion(directory);
  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(directory, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  edit('CHANGELOG.md', (text) => dateRelease(text, version, date));
  for (const file of imageUsers) edit(file, (text) => text.replaceAll(`serin:${present}`, `serin:${version}`));
  runCommand(['npm', 'version', version, '--no-git-tag-version'], directory);
  // The chart has the version of the package.
  runCommand(['npm', 'run', '--silent', 'generate'], directory);
}
