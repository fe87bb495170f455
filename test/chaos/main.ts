/**
 * Disturbs experiments on the sandbox at random moments, and has an independent checker say what is not as it must be:
 * `npm run chaos -- --runs 100 --seed 1 [--only NUMBER] [--lanes 4] [--database file|postgresql]`. Prints how many runs have survived
 * what.
 */
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { startSandbox } from '../../sandbox/index.ts';
import { disturbances } from './survival/disturbances.ts';
import { survive } from './survival/survive.ts';
import type { RunResult } from './survival/run.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '4' },
    only: { type: 'string' },
    database: { type: 'string', default: 'file' },
  },
});
const numbers =
  values.only === undefined ? Array.from({ length: Number(values.runs) }, (_, index) => index) : [Number(values.only)];

if (values.database !== 'file' && values.database !== 'postgresql') {
  console.error(`--database: expected file or postgresql, got ${values.database}`);
  process.exit(2);
}
/** A run has as many events before its second iteration or so. */
const continueAsNewAfter = 50;
const sandbox = await startSandbox({ scrapeIntervalMs: 500, temporalDatabase: values.database, continueAsNewAfter });
const client = new Client({ connection: await Connection.connect({ address: sandbox.temporal.address }) });
const lanes = Math.min(Number(values.lanes), numbers.length);
try {
  const seed = Number(values.seed);
  const results = await survive({ sandbox, client }, { numbers, seed, lanes, continuesAsNew: true, onResult: report });
  print(results);
  process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : 0;
} finally {
  await sandbox.stop();
}
process.exit();

function report({ plan: { number, course }, happened, outcome, reason, violations }: RunResult): void {
  const what = happened.map(({ disturbance, moment }) => `${disturbance} ${moment}`).join(', then ');
  console.error(`${number}: ${course}, ${what || 'undisturbed'}: ${outcome}`);
  if (outcome === 'Failed') console.error(`  ${reason.replaceAll('\n', ' ').slice(0, 300)}`);
  for (const violation of violations) console.error(`  VIOLATION: ${violation}`);
}

/** A run counts for each disturbance that it met. */
function print(all: readonly RunResult[]): void {
  const count = (runs: readonly RunResult[]): string[] => {
    return [String(runs.length), String(runs.filter(({ violations }) => violations.length === 0).length)];
  };
  const rows = Object.keys(disturbances).map((name) => {
    const runs = all.filter(({ happened }) => happened.some(({ disturbance }) => disturbance === name));
    return [name, ...count(runs)];
  });
  for (const [name = '', runs = '', survived = ''] of [
    ['disturbance', 'runs', 'as they must be'],
    ...rows,
    ['all', ...count(all)],
  ]) {
    console.log(`${name.padEnd(52)}${runs.padEnd(8)}${survived}`);
  }
}
