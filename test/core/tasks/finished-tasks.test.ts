import { describe, expect, test } from 'vitest';
import { formatFinished, mendingCommands } from '../../../core/tasks/finished-tasks.ts';
import { anExperiment } from '../../support/builders.ts';

describe('formatFinished', () => {
  test('names each command with its release, and hides secrets', () => {
    const release = { name: 'app', namespace: 'shop', revision: 3, status: 'deployed' };
    expect(
      formatFinished([
        { command: 'helm', args: ['upgrade', 'app', 'chart', '--set', 'key=hunter22'], release },
        { command: 'notify', args: ['done'] },
      ]),
    ).toBe('helm upgrade app chart --set *** (release shop/app at revision 3, deployed), notify done');
  });
});

describe('mendingCommands', () => {
  test("are the helm commands of the finish actions with the baseline's variables, in the target's namespace", () => {
    const helm = (...args: string[]) => ({ kind: 'exec', command: 'helm', args, interpolate: true }) as const;
    const finish = [
      helm('upgrade', 'app', 'https://c/chart.tgz', '--values=https://c/{{ .promote }}.yaml'),
      { kind: 'exec', command: 'notify', args: [], interpolate: true } as const,
      helm('upgrade', 'other', 'chart', '--repo=https://c', '--namespace', 'elsewhere'),
    ];
    expect(mendingCommands(anExperiment({ finish }))).toEqual([
      'helm upgrade app https://c/chart.tgz --values=https://c/values.yaml --namespace=default',
      'helm upgrade other chart --repo=https://c --namespace=elsewhere',
    ]);
  });
});
