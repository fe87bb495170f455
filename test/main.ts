/**
 * Checks and tests everything, what is quick first; the first step that fails is the last. Ends with one line that counts all tests:
 * `N passed, N failed`, where a failed step that is no test counts as one failure.
 *
 * Run as: `npm test`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { auditDirectoryVariable } from '../sandbox/cluster/audit.ts';
import { findEngine } from '../deploy/image/engine.ts';
import { TestCounter } from './support/summary-reporter.ts';

const counter = new TestCounter();
const hasEngine = (await findEngine()) !== undefined;
const steps = [
  () => runScript('check'),
  () => runScript('lint'),
  () => runTests('unit'),
  () => runScript('build:sandbox'),
  runClusterTests,
];

for (const step of steps) {
  const startedAtMs = performance.now();
  await step();
  process.stdout.write(`(${Math.round((performance.now() - startedAtMs) / 1000)} s)\n`);
  if (counter.failed > 0) break;
}
if (!hasEngine) process.stdout.write('\nleft out: the tests of the image, which need podman or docker\n');
process.stdout.write(`\n${counter.summary()}\n`);
process.exit(counter.failed > 0 ? 1 : 0);

async function runScript(name: string): Promise<void> {
  const [code] = await once(spawn('npm', ['run', name], { stdio: 'inherit' }), 'exit');
  if (code !== 0) counter.addFailure();
}

/** `cluster` and `alone` wait more than they compute: each has a sandbox of its own, so that neither waits for the other. */
async function runClusterTests(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'serin-audit-'));
  process.env[auditDirectoryVariable] = directory;
  await Promise.all([runTests('cluster'), runTests('alone')]);
  await runTests(...(hasEngine ? ['image'] : []), 'last');
  await rm(directory, { recursive: true, force: true });
}

async function runTests(...project: string[]): Promise<void> {
  const vitest = await startVitest('test', [], { project, watch: false, reporters: ['default', counter] });
  await vitest.close();
}
