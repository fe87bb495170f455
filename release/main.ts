/**
 * Makes a release of what is checked out, all but its push: tests everything, writes the version and its date, makes the files of the
 * release to see that they can be made, commits, and tags. What fails leaves no commit and no tag.
 *
 * Run as: `npm run release -- 0.2.0`.
 */
import { fileURLToPath } from 'node:url';
import { makeArtifacts } from './artifacts.ts';
import { readCommand, runCommand } from './run.ts';
import { readVersion, requireNext, writeVersion } from './version.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  await release(process.argv[2] ?? '');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function release(version: string): Promise<void> {
  requireNext(version, readVersion(root));
  requireCleanTree();
  runCommand(['npm', 'test'], root);
  writeVersion(root, version, new Date().toISOString().slice(0, 10));
  await makeArtifacts(root);
  runCommand(['git', 'commit', '--all', '--message', `release: ${version}`], root);
  runCommand(['git', 'tag', '--annotate', `v${version}`, '--message', `serin ${version}`], root);
  process.stderr.write(`serin ${version} is committed and tagged; \`git push --follow-tags\` publishes it.\n`);
}

/** A release has what was tested, and no more. */
function requireCleanTree(): void {
  const changes = readCommand(['git', 'status', '--porcelain'], root);
  if (changes !== '')
    throw new Error(`there are changes that are not committed:\n${changes}commit them, or put them aside`);
}
