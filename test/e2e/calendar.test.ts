import { expect, test } from 'vitest';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, startExperiment, underLoad } from '../support/scenario.ts';

const namespace = 'calendar';

/** The time by UTC's clock, without its zone. */
function clockAt(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19);
}

async function writeCalendar(text: string): Promise<void> {
  const { sandbox } = await testCluster();
  const metadata = { name: 'serin-calendar', namespace };
  const data = { 'calendar.yaml': text };
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }));
}

test('the calendar of a namespace holds the first step of a run until it opens', async () => {
  const { sandbox } = await testCluster();
  const target = await deployTarget({ name: 'frozen', namespace });
  const opensAtMs = Math.ceil(Date.now() / 1000) * 1000 + 30_000;
  const period = { name: 'stocktaking', from: clockAt(opensAtMs - 86_400_000), to: clockAt(opensAtMs) };
  await writeCalendar(JSON.stringify({ closed: [period] }));
  const { value: end } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { iterations: 3, intervalSeconds: 3 });
    const held = await scenario.untilReport('the calendar to hold it', ({ closed }) => closed !== undefined);
    expect(held.closed).toEqual({ why: `stocktaking (ConfigMap ${namespace}/serin-calendar)`, untilMs: opensAtMs });
    expect(held.startedAtMs).toBeUndefined();
    const doctor = await runSerin([
      'doctor',
      '--kubeconfig',
      sandbox.kubeconfig,
      '--address',
      sandbox.temporal.address,
      '--target',
      `${namespace}/frozen`,
    ]);
    expect(doctor.stdout).toMatch(/ok {4}the calendar of calendar: closed until [-\d]+ [:\d]+ UTC: stocktaking\n/);
    return scenario.end();
  });
  expect(end.report).toMatchObject({ outcome: 'Promoted' });
  expect(end.report.startedAtMs).toBeGreaterThanOrEqual(opensAtMs);
});
