import { describe, expect, test } from 'vitest';
import { parseHelmCommand, withNamespace } from '../../../core/tasks/helm-command.ts';

function parseUpgrade(...args: string[]) {
  const command = parseHelmCommand(args);
  if (command.kind !== 'upgrade') throw new Error(`unexpected: ${command.problem}`);
  return command.upgrade;
}

describe('parseHelmCommand', () => {
  test("reads the seed's command", () => {
    const args = [
      'upgrade',
      '--install',
      'sample-app',
      'http://charts/sample-app-0.1.0.tgz',
      '--values=http://charts/v.yaml',
    ];
    expect(parseUpgrade(...args)).toEqual({
      release: 'sample-app',
      chart: 'http://charts/sample-app-0.1.0.tgz',
      installs: true,
      isAtomic: false,
      timeoutMs: 300_000,
      args,
    });
  });

  test('distinguishes the values of flags from release and chart, before and after the subcommand', () => {
    const args = [
      '--burst-limit',
      '50',
      'upgrade',
      '-f',
      'a.yaml',
      'rel',
      '--repo',
      'http://charts',
      '--wait',
      'app',
      '-n',
      'ns',
    ];
    expect(parseUpgrade(...args)).toMatchObject({ release: 'rel', chart: 'app', namespace: 'ns', installs: false });
  });

  test.each([
    [['-n', 'a'], 'a'],
    [['-na'], 'a'],
    [['-n=a'], 'a'],
    [['--namespace', 'a'], 'a'],
    [['--namespace=a'], 'a'],
    [['-n', 'a', '--namespace=b'], 'b'],
    [[], undefined],
  ])('reads the namespace of %j', (flags, namespace) => {
    expect(parseUpgrade('upgrade', 'rel', 'chart', ...flags).namespace).toBe(namespace);
  });

  test.each([
    ['90s', 90_000],
    ['1h2m3.5s', 3_723_500],
    ['250ms', 250],
    ['0', 0],
  ])('reads --timeout %s', (text, timeoutMs) => {
    expect(parseUpgrade('upgrade', 'rel', 'chart', '--timeout', text).timeoutMs).toBe(timeoutMs);
  });

  test('leaves out the output format, which is ours to set', () => {
    const args = ['upgrade', 'rel', '-o', 'yaml', 'chart', '--output=table', '--wait'];
    expect(parseUpgrade(...args).args).toEqual(['upgrade', 'rel', 'chart', '--wait']);
  });

  test.each([
    [['rollback', 'rel'], 'only `helm upgrade` is supported, not `helm rollback`'],
    [[], 'only `helm upgrade` is supported, not `helm `'],
    [['upgrade', 'rel'], '`helm upgrade` takes a release and a chart, not 1 arguments'],
    [['upgrade', 'rel', 'chart', 'more'], '`helm upgrade` takes a release and a chart, not 3 arguments'],
    [['upgrade', 'rel', 'chart', '--dry-run'], '`--dry-run` would change nothing'],
    [['upgrade', 'rel', 'chart', '--dry-run=server'], '`--dry-run` would change nothing'],
    [
      ['upgrade', 'rel', 'chart', '--post-renderer', 'sh'],
      '`--post-renderer` runs another program, which the worker does not allow',
    ],
    [
      ['--kube-context=prod', 'upgrade', 'rel', 'chart'],
      '`--kube-context`: serin changes the release in the cluster of its own worker only',
    ],
    [['upgrade', 'rel', 'chart', '--values'], '--values needs a value'],
    [['upgrade', 'rel', 'chart', '--timeout', '5'], '--timeout: expected a duration such as 5m0s'],
  ])('refuses %j', (args, problem) => {
    expect(parseHelmCommand(args)).toEqual({ kind: 'unsupported', problem });
  });
});

describe('withNamespace', () => {
  test('adds the namespace only where none is named', () => {
    expect(withNamespace(parseUpgrade('upgrade', 'rel', 'chart'), 'ns')).toEqual([
      'upgrade',
      'rel',
      'chart',
      '--namespace',
      'ns',
    ]);
    expect(withNamespace(parseUpgrade('upgrade', 'rel', 'chart', '-n', 'own'), 'ns')).toEqual([
      'upgrade',
      'rel',
      'chart',
      '-n',
      'own',
    ]);
  });
});
