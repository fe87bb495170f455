import { describe, expect, test } from 'vitest';
import { parseHelmCommand, shownArguments, upgradeArguments } from '../../../core/tasks/helm-command.ts';
import { helmFlags } from '../../../core/tasks/helm-flags.ts';

const chart = 'http://charts/sample-app-0.1.0.tgz';

function parseUpgrade(...args: string[]) {
  const command = parseHelmCommand(args);
  if (command.kind !== 'upgrade') throw new Error(`unexpected: ${command.problem}`);
  return command.upgrade;
}

function problemOf(...args: string[]): string | undefined {
  const command = parseHelmCommand(args);
  return command.kind === 'unsupported' ? command.problem : undefined;
}

describe('parseHelmCommand', () => {
  test("reads the seed's command", () => {
    expect(parseUpgrade('upgrade', '--install', 'sample-app', chart, '--values=http://charts/v.yaml')).toEqual({
      release: 'sample-app',
      chart: { kind: 'archive', url: chart },
      values: ['http://charts/v.yaml'],
      installs: true,
      isAtomic: false,
      timeoutMs: 300_000,
      flags: [{ name: '--install' }],
    });
  });

  test('distinguishes the values of flags from release and chart, before and after the subcommand', () => {
    const before = ['--burst-limit', '50', 'upgrade', '-f', 'https://a/a.yaml', 'rel', '--repo', 'http://charts'];
    expect(parseUpgrade(...before, '--wait', 'app', '-n', 'ns', '--version', '^1.2')).toMatchObject({
      release: 'rel',
      chart: { kind: 'repository', url: 'http://charts', name: 'app', version: '^1.2', isDevel: false },
      values: ['https://a/a.yaml'],
      namespace: 'ns',
      installs: false,
      flags: [{ name: '--burst-limit', value: '50' }, { name: '--wait' }],
    });
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
    expect(parseUpgrade('upgrade', 'rel', chart, ...flags).namespace).toBe(namespace);
  });

  test.each([
    ['90s', 90_000],
    ['1h2m3.5s', 3_723_500],
    ['250ms', 250],
    ['0', 0],
  ])('reads --timeout %s', (text, timeoutMs) => {
    expect(parseUpgrade('upgrade', 'rel', chart, '--timeout', text).timeoutMs).toBe(timeoutMs);
  });

  test('leaves out the output format, which is ours to set, and switches that are off', () => {
    const args = ['upgrade', 'rel', '-o', 'yaml', chart, '--output=table', '--wait', '--install=false'];
    expect(parseUpgrade(...args)).toMatchObject({ flags: [{ name: '--wait' }], installs: false });
  });

  test.each([
    [[chart], { kind: 'archive', url: chart }],
    [['{{ .chart }}'], { kind: 'archive', url: '{{ .chart }}' }],
    [['oci://registry/app', '--version=1.0.0'], { kind: 'oci', url: 'oci://registry/app', version: '1.0.0' }],
    [['app', '--repo=https://r', '--devel'], { kind: 'repository', url: 'https://r', name: 'app', isDevel: true }],
  ])('reads the chart of %j', (args, source) => {
    expect(parseUpgrade('upgrade', 'rel', ...args).chart).toEqual(source);
  });

  const elsewhere =
    'names a cluster or a user: serin changes the release in the cluster of its own worker only, as the namespace allows it';

  test.each([
    [['rollback', 'rel'], 'only `helm upgrade` is supported, not `helm rollback`'],
    [[], 'only `helm upgrade` is supported, not `helm `'],
    [['upgrade', 'rel'], '`helm upgrade` takes a release and a chart, not 1 arguments'],
    [['upgrade', 'rel', chart, 'more'], '`helm upgrade` takes a release and a chart, not 3 arguments'],
    [['upgrade', 'rel', chart, '--dry-run'], '`--dry-run` would change nothing'],
    [['upgrade', 'rel', chart, '--dry-run=server'], '`--dry-run` would change nothing'],
    [
      ['upgrade', 'rel', chart, '--post-renderer', 'sh'],
      '`--post-renderer` runs another program, which the worker does not allow',
    ],
    [['--kube-context=prod', 'upgrade', 'rel', chart], `\`--kube-context\` ${elsewhere}`],
    [['upgrade', 'rel', chart, '--values'], '--values needs a value'],
    [['upgrade', 'rel', chart, '--timeout', '5'], '--timeout: expected a duration such as 5m0s'],
    [
      ['upgrade', 'rel', chart, '--labels', 'team=a,owner=the whole team'],
      '--labels: expected key=value as Kubernetes takes it for a label, got "owner=the whole team"',
    ],
    [
      ['upgrade', 'rel', chart, '-l', `a=${'x'.repeat(64)}`],
      `--labels: expected key=value as Kubernetes takes it for a label, got "a=${'x'.repeat(64)}"`,
    ],
    [
      ['upgrade', 'rel', chart, '--hide-secret'],
      '`--hide-secret` is for a dry run: helm would refuse to change anything',
    ],
    [['upgrade', 'rel', chart, '--wait=maybe'], '--wait is a switch: expected true or false, got "maybe"'],
    [['upgrade', 'rel', chart, '-f', 'v.yaml'], '--values: expected an http or https URL, got v.yaml'],
    [
      ['upgrade', 'rel', chart, '-f', 'https://a/v.yaml,/etc/passwd'],
      '--values: expected an http or https URL, got /etc/passwd',
    ],
    [
      ['upgrade', 'rel', 'app', '--repo', 'file:///charts'],
      '--repo: expected an http or https URL, got file:///charts',
    ],
    [
      ['upgrade', 'rel', './chart'],
      'the chart must come by http://, https:// or oci://, or by its name with --repo; got ./chart',
    ],
  ])('refuses %j', (args, problem) => {
    expect(problemOf(...args)).toBe(problem);
  });

  test.each(['--one-output', '--logtostderr', '--v', '-v9', '-v', '-h', '--help', '--values-file', '--', '-'])(
    'lets no program take what follows %s for its value',
    (hidden) => {
      const attack = ['upgrade', 'rel', chart, hidden, '--post-renderer=/bin/sh'];
      expect(problemOf(...attack)).toBeDefined();
    },
  );

  test.each(helmFlags.filter(({ refused }) => refused !== undefined).map(({ name, takes }) => ({ name, takes })))(
    'refuses $name wherever it stands, with and without a value in the same word',
    ({ name, takes }) => {
      const forms = takes === 'nothing' ? [[name], [`${name}=true`]] : [[name, 'x'], [`${name}=x`]];
      for (const form of forms) {
        expect(problemOf(...form, 'upgrade', 'rel', chart)).toContain(name);
        expect(problemOf('upgrade', 'rel', chart, ...form)).toContain(name);
      }
    },
  );

  test.each([
    ['-rf', 'the argument "-rf" begins with a dash'],
    ['--post-renderer=/bin/sh', 'the argument "--post-renderer=/bin/sh" begins with a dash'],
    ['-{{ .name }}', 'the argument "-{{ .name }}" begins with a dash'],
    ['-', 'the argument "-" begins with a dash'],
  ])('takes no release named %s, not even after all flags', (name, problem) => {
    expect(parseHelmCommand(['upgrade', chart, '--wait', '--', name])).toEqual({
      kind: 'unsupported',
      problem,
      index: 4,
    });
    expect(parseHelmCommand(['upgrade', '--', 'rel', name])).toMatchObject({ problem, index: 3 });
  });

  test.each(['Rel', 'a_b', 'a.', 'a..b', 'a-', 'a b', 'a/b', '', '../a', 'x'.repeat(54)])(
    'refuses %j, which is no name of a release',
    (name) => {
      expect(parseHelmCommand(['upgrade', name, chart])).toMatchObject({
        problem: expect.stringMatching(/^".*" is no name of a release: at most 53 /),
        index: 1,
      });
    },
  );

  test.each(['a', 'sample-app', 'a.b-c.9', '9', 'x'.repeat(53), '{{ .name }}', 'app-{{ .name }}'])(
    'takes %s for the name of a release',
    (name) => {
      expect(parseUpgrade('upgrade', name, chart).release).toBe(name);
    },
  );

  test.each(['a/b', '../b', 'a b', ''])('refuses %j for the name of a chart in a repository', (name) => {
    expect(parseHelmCommand(['upgrade', 'rel', name, '--repo=https://r'])).toMatchObject({
      problem: expect.stringMatching(/^".*" is no name of a chart: /),
      index: 2,
    });
  });

  test.each([
    'oci://host',
    'oci:///a',
    'oci://user:password@host/a',
    'oci://host\\@127.0.0.1/a',
    'oci://host/a?b',
    'oci://host/a#b',
    'oci://host/%2e%2e/a',
    'oci://host/../a',
    'oci://-host/a',
    'oci://host:port/a',
  ])('refuses %s, which two programs could read in two ways', (url) => {
    expect(problemOf('upgrade', 'rel', url)).toMatch(/^the chart must come by /);
  });

  test.each([
    [['--wait', 'upgrade', 'rel', chart, '--watch'], 4],
    [['upgrade', 'rel', chart, '--set', 'a=b', '--debug'], 5],
    [['upgrade', 'rel', chart, '--values', 'v.yaml'], 4],
    [['upgrade', 'rel', chart, '--timeout=1h', '--timeout', 'soon', '--wait'], 5],
    [['upgrade', 'rel', 'app', '--repo', 'file:///charts'], 4],
    [['upgrade', 'rel', './chart'], 2],
    [['upgrade', 'rel', chart, '--wait', 'more'], 4],
    [['-i', 'install', 'rel', chart], 1],
    [['upgrade', 'rel', chart, `--set=a=${'x'.repeat(128 * 1024)}`], 3],
    [['upgrade', 'rel'], undefined],
    [[], undefined],
  ])('names the word that is the reason: %#', (args, index) => {
    const command = parseHelmCommand(args);
    expect(command.kind === 'unsupported' && command.index).toBe(index);
  });

  test.each(['team=a', 'example.com/team=a,b=null,c=', 'by={{ .name }}'])(
    'takes labels that a Secret can have: %s',
    (labels) => {
      expect(parseUpgrade('upgrade', 'rel', chart, '--labels', labels).flags).toEqual([
        { name: '--labels', value: labels },
      ]);
    },
  );

  test('takes a value that looks like the end of flags for a value', () => {
    const { flags } = parseUpgrade('upgrade', '--description', '--', '--wait', 'rel', chart);
    expect(flags).toEqual([{ name: '--description', value: '--' }, { name: '--wait' }]);
  });

  test('refuses an argument that is too long for any program, and says what to do', () => {
    expect(problemOf('upgrade', 'rel', chart, `--set=a=${'x'.repeat(128 * 1024)}`)).toBe(
      'an argument longer than 100 KiB, which no program takes: put it into a values file',
    );
  });
});

describe('the arguments that helm runs with', () => {
  const files = { chart: '/tmp/chart.tgz', values: ['/tmp/values-0.yaml'] };

  test('are built anew, each flag in one word, the names after all flags', () => {
    const args = ['upgrade', '-i', 'rel', chart, '-f', 'https://a/v.yaml', '--set', 'a=--kubeconfig', '--atomic'];
    expect(upgradeArguments(parseUpgrade(...args), { namespace: 'ns', files })).toEqual([
      'upgrade',
      '--namespace=ns',
      '--skip-schema-validation',
      '--values=/tmp/values-0.yaml',
      '--install',
      '--set=a=--kubeconfig',
      '--atomic',
      '--',
      'rel',
      '/tmp/chart.tgz',
    ]);
  });

  test('are shown as people would type them, in the namespace that they run in', () => {
    const upgrade = parseUpgrade('upgrade', 'rel', 'app', '--repo=https://r', '--version=1', '-f', 'https://a/v.yaml');
    const shown = ['upgrade', 'rel', 'app', '--repo=https://r', '--version=1', '--values=https://a/v.yaml'];
    expect(shownArguments(upgrade)).toEqual(shown);
    expect(shownArguments(upgrade, 'ns')).toEqual([...shown, '--namespace=ns']);
    expect(shownArguments(parseUpgrade('upgrade', 'rel', chart, '-nown'), 'ns').at(-1)).toBe('--namespace=own');
  });
});
