/**
 * Disturbs experiments on the sandbox at random moments, and has an independent checker say what is not as it must be:
 * `npm run chaos -- --runs 100 --seed 1 [--only NUMBER] [--lanes 4]`. Prints how many runs have survived what.
 */
import { parseArgs } from 'node:util';
import { testCluster } from '../support/cluster.ts';
import { survive } from './survival/survive.ts';
import type { RunResult } from './survival/run.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '4' },
    only: { type: 'string' },
  },
});
const numbers =
  values.only === undefined ? Array.from({ length: Number(values.runs) }, (_, index) => index) : [Number(values.only)];

const cluster = await testCluster();
const lanes = Math.min(Number(values.lanes), numbers.length);
try {
  const results = await survive(cluster, { numbers, seed: Number(values.seed), lanes, onResult: report });
  print(results);
  process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : 0;
} finally {
  await cluster.sandbox.stop();
}
process.exit();

function report({ number, course, disturbance, moment, outcome, violations }: RunResult): void {
  console.error(`${number}: ${course}, ${disturbance}, ${moment}: ${outcome}`);
  for (const violation of violations) console.error(`  VIOLATION: ${violation}`);
}

function print(all: readonly RunResult[]): void {
  const rows = [...Map.groupBy(all, ({ disturbance }) => disturbance)].map(([name, runs]) => {
    const harmed = runs.filter(({ violations }) => violations.length > 0).length;
    return [name, String(runs.length), String(runs.length - harmed)];
  });
  const total = all.filter(({ violations }) => violations.length === 0).length;
  for (const [name = '', runs = '', survived = ''] of [
    ['disturbance', 'runs', 'as they must be'],
    ...rows,
    ['all', String(all.length), String(total)],
  ]) {
    console.log(`${name.padEnd(52)}${runs.padEnd(8)}${survived}`);
  }
}
