/**
 * Publishes what `npm run release:artifacts` has made, as the forge's workflow does for a tag: package, image, chart, and the release
 * with its notes. `REGISTRY_USER` and `REGISTRY_TOKEN` are a user of the registry of images, and its password.
 *
 * Run as: `npm run release:publish -- --repository owner/name --registry HOST [--dry-run]`; `--dry-run` prints the commands.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { publishCommands } from './publications.ts';
import type { Destination } from './publications.ts';
import { formatCommand, runCommand } from './run.ts';
import { readVersion } from './version.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    repository: { type: 'string', default: '' },
    registry: { type: 'string', default: '' },
    'dry-run': { type: 'boolean', default: false },
  },
});
const { REGISTRY_USER: user = '', REGISTRY_TOKEN: token = '' } = process.env;
const destination = { repository: values.repository, registry: values.registry, user };

const problem = findProblem(destination);
if (problem === undefined) publish();
else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}

function publish(): void {
  for (const command of publishCommands(destination, readVersion(root))) {
    if (values['dry-run']) process.stdout.write(`${formatCommand(command)}\n`);
    // Only the login reads its input.
    else runCommand(command, root, token);
  }
}

function findProblem({ repository, registry }: Destination): string | undefined {
  if (!/^[^/\s]+\/[^/\s]+$/.test(repository)) return '--repository: expected the repository at the forge, owner/name';
  if (registry === '') return '--registry: expected the host of the registry of images';
  if (user === '') return 'REGISTRY_USER: expected a user of the registry of images';
  return undefined;
}
