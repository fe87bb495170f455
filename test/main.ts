/**
 * Checks and tests everything, what is quick first; the first step that fails is the last. Ends with one line that counts all tests:
 * `N passed, N failed`, where a failed step that is no test counts as one failure.
 *
 * Run as: `npm test`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { startVitest } from 'vitest/node';
import { auditDirectoryVariable } from '../sandbox/cluster/audit.ts';
import { findEngine } from '../deploy/image/engine.ts';
import { chromiumPath } from './support/chromium.ts';
import { TestCounter } from './support/summary-reporter.ts';

/** More failed files than these did not fail by chance. */
const mostAgain = 3;

// What looks back on the audit logs looks on those of both attempts.
const audit = mkdtempSync(join(tmpdir(), 'serin-audit-'));
process.env[auditDirectoryVariable] ??= audit;

const counter = new TestCounter();
const hasEngine = (await findEngine()) !== undefined;
const hasChromium = chromiumPath !== undefined;
const steps = [
  () => runScript('check'),
  () => runScript('lint'),
  // Some unit tests need parts of the sandbox; a build takes longer than a test may.
  () => runScript('build:sandbox'),
  () => runTests('unit', ...(hasChromium ? ['page'] : [])),
  () => runTests('cluster', 'alone', ...(hasEngine ? ['image'] : []), 'last'),
];

for (const step of steps) {
  const startedAtMs = performance.now();
  await step();
  process.stdout.write(`(${Math.round((performance.now() - startedAtMs) / 1000)} s)\n`);
  if (counter.failed > 0) break;
}
if (!hasChromium) process.stdout.write('\nleft out: the tests of the page, which need Chromium\n');
if (!hasEngine) process.stdout.write('\nleft out: the tests of the image, which need podman or docker\n');
for (const test of counter.atSecondAttempt)
  process.stdout.write(`\npassed at the second attempt, a bug to find: ${test}\n`);
process.stdout.write(`\n${counter.summary()}\n`);
rmSync(audit, { recursive: true, force: true });
process.exit(counter.failed > 0 ? 1 : 0);

async function runScript(name: string): Promise<void> {
  const [code] = await once(spawn('npm', ['run', name], { stdio: 'inherit' }), 'exit');
  if (code !== 0) counter.addFailure();
}

/** Few failed files run a second time: docs/decisions/0068-what-fails-by-chance-is-tried-twice-and-named.md. */
async function runTests(...project: string[]): Promise<void> {
  await runFiles(project, []);
  const failed = counter.failedFiles ?? [];
  if (failed.length === 0 || failed.length > mostAgain) return;
  process.stdout.write(`\nrunning again what failed: ${failed.map((file) => relative('.', file)).join(', ')}\n`);
  await runFiles(project, failed);
}

async function runFiles(project: string[], files: readonly string[]): Promise<void> {
  const vitest = await startVitest('test', [...files], { project, watch: false, reporters: ['default', counter] });
  await vitest.close();
}
