import { parseArgs } from 'node:util';
import type { SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../../test/support/cluster.ts';
import { deployTarget, startExperiment, underLoad } from '../../test/support/scenario.ts';
import { abortSignal } from '../../contract/messages.ts';
import { abortTimes } from '../history.ts';
import type { AbortTimes } from '../history.ts';
import { inTurns } from '../in-turns.ts';
import { quantile } from '../quantile.ts';
import { prepareStages } from './stages.ts';
import type { Stage } from './stages.ts';

/**
 * Aborts experiments on the sandbox in every stage in which there is traffic to bring back: how long after the signal is
 * 100 % baseline accepted, and how long until the cluster reports it? One target a stage, two of them at a time. Prints
 * figures; asserts nothing.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '25' }, 'at-once': { type: 'string', default: '2' } },
});
const repetitions = Number(values.rounds);

const { sandbox } = await testCluster();
try {
  const stages = await prepareStages(sandbox);
  const measured = await inTurns(Number(values['at-once']), stages, measure);
  print(measured);
} finally {
  await sandbox.stop();
}
process.exit(0);

interface Measured {
  readonly name: string;
  readonly times: readonly AbortTimes[];
}

async function measure(stage: Stage, index: number): Promise<Measured> {
  const target = await deployTarget({ name: `abort-${index}`, namespace: 'bench' });
  const { value } = await underLoad(
    target,
    async () => {
      const times: AbortTimes[] = [];
      for (let repetition = 1; repetition <= repetitions; repetition += 1) {
        times.push(await abortOnce(target, stage));
        console.error(`${stage.name}: ${repetition} of ${repetitions}`);
      }
      return times;
    },
    30,
  );
  return { name: stage.name, times: value };
}

async function abortOnce(target: SampleTarget, { name, options, reach, leave }: Stage): Promise<AbortTimes> {
  const scenario = await startExperiment(target, options);
  await reach(scenario);
  await scenario.handle.signal(abortSignal, { by: 'bench', reason: name });
  const { report } = await scenario.end();
  leave?.();
  if (report.outcome !== 'Aborted')
    throw new Error(`${name}: expected an abort, got ${report.outcome}: ${report.reason}`);
  return abortTimes(await scenario.handle.fetchHistory());
}

function print(measured: readonly Measured[]): void {
  const all: Measured = { name: 'all', times: measured.flatMap(({ times }) => times) };
  const row = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padEnd(index === 0 ? 18 : 10)).join('');
  const shares = [0.5, 0.99, 1];
  console.log(row(['milliseconds', 'accepted', '', '', 'confirmed']));
  console.log(row(['aborted', 'median', '99 %', 'worst', 'median', '99 %', 'worst', 'aborts']));
  for (const { name, times } of [...measured, all]) {
    const accepted = ascending(times.map(({ acceptedMs }) => acceptedMs));
    const confirmed = ascending(times.map(({ confirmedMs }) => confirmedMs));
    const figures = [accepted, confirmed].flatMap((delays) => shares.map((share) => quantile(delays, share)));
    console.log(row([name, ...figures.map((ms) => ms.toFixed(0)), String(times.length)]));
  }
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
