/**
 * Records one history of each kind of ending, on a real Temporal server with a fake cluster, from `recordings.ts`.
 *
 * Run as `npm run record` for those that no release has yet, into `histories/next`; and at a release as `npm run record -- VERSION` for
 * all, into a folder of its own, which takes the place of `next`. A history that is there is kept as it was recorded.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { findHistory, historyFile, unreleased } from '../support/recorded-histories.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import { recordings } from './recordings.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const [, , release = unreleased] = process.argv;

function isMissing(name: string): boolean {
  return release === unreleased ? findHistory(name) === undefined : !existsSync(historyFile({ release, name }));
}

// Few events, so that the longer experiments are continued as new; the history of their last run is the one that is kept.
const workflows = await startServerEnvironment([
  '--dynamic-config-value',
  'limit.historyCount.suggestContinueAsNew=100',
]);
await mkdir(historyFile({ release }), { recursive: true });
for (const [name, { world, steer }] of Object.entries(recordings)) {
  if (!isMissing(name)) continue;
  await workflows.run(world, async (handle) => {
    await steer?.(handle);
    await handle.result().catch(() => undefined);
    // Stack traces name files of this checkout, wherever it is.
    const history = historyToJSON(await handle.fetchHistory()).replaceAll(checkout, '/serin/');
    await writeFile(historyFile({ release, name }), `${history}\n`);
    console.error(`recorded ${release}/${name}`);
  });
}
if (release !== unreleased) await rm(historyFile({ release: unreleased }), { recursive: true, force: true });
await workflows.teardown();
process.exit(0);
