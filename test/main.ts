/**
 * Checks and tests everything, what is quick first; the first step that fails is the last. Ends with one line that counts all tests:
 * `N passed, N failed`, where a failed step that is no test counts as one failure.
 *
 * Run as: `npm test`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startVitest } from 'vitest/node';
import { findEngine } from '../deploy/image/engine.ts';
import { chromiumPath } from './support/chromium.ts';
import { TestCounter } from './support/summary-reporter.ts';

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
process.stdout.write(`\n${counter.summary()}\n`);
process.exit(counter.failed > 0 ? 1 : 0);

async function runScript(name: string): Promise<void> {
  const [code] = await once(spawn('npm', ['run', name], { stdio: 'inherit' }), 'exit');
  if (code !== 0) counter.addFailure();
}

async function runTests(...project: string[]): Promise<void> {
  const vitest = await startVitest('test', [], { project, watch: false, reporters: ['default', counter] });
  await vitest.close();
}
