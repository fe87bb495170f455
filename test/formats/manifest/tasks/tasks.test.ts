import { describe, expect, test } from 'vitest';
import type { Experiment } from '../../../../core/experiment/experiment.ts';
import type { Task } from '../../../../core/experiment/task-kinds.ts';
import { formatIssue } from '../../../../formats/document/issue.ts';
import { parseExperimentObject } from '../../../../formats/manifest/parse.ts';
import type { ExperimentReading } from '../../../../formats/manifest/parse.ts';

interface Changes {
  readonly actions?: object;
  readonly handlers?: object;
  readonly apiVersion?: string;
  readonly duration?: object;
  readonly baseline?: object | undefined;
}

function read({
  actions = {},
  handlers,
  apiVersion = 'iter8.tools/v2alpha2',
  duration,
  baseline,
}: Changes): ExperimentReading {
  const variables = [{ name: 'color', value: 'blue' }];
  const versionInfo = { baseline: baseline ?? { name: 'v1', variables }, candidates: [{ name: 'v2', variables }] };
  const strategy = { testingPattern: 'Canary', actions, handlers };
  const spec = { target: 'apps/app', strategy, versionInfo, duration };
  const metadata = { name: 'app', namespace: 'tests' };
  return parseExperimentObject({ apiVersion, kind: 'Experiment', metadata, spec }, 'manifest');
}

function accepted(changes: Changes): Experiment {
  const reading = read(changes);
  if (reading.kind === 'invalid') throw new Error(reading.issues.map(formatIssue).join('\n'));
  return reading.experiment;
}

function acceptedTask(task: object): Task | undefined {
  return accepted({ actions: { finish: [task] } }).finish[0];
}

function findProblems(changes: Changes): readonly string[] {
  const reading = read(changes);
  return reading.kind === 'ok'
    ? []
    : reading.issues.map((issue) => formatIssue(issue).replace('manifest spec.strategy.', ''));
}

const taskProblems = (task: object): string => findProblems({ actions: { finish: [task] } }).join('\n');

describe('each task with the least input has the defaults of iter8', () => {
  test('common/bash', () => {
    expect(acceptedTask({ task: 'common/bash', with: { script: 'ls' } })).toEqual({
      kind: 'script',
      script: 'ls',
      delimiters: 'go',
    });
  });

  test('run, whose secret is in the namespace of the experiment', () => {
    expect(acceptedTask({ run: 'ls @< .Secret "token" >@', with: { secret: 'keys' } })).toEqual({
      kind: 'script',
      script: 'ls @< .Secret "token" >@',
      delimiters: 'iter8',
      secret: { namespace: 'tests', name: 'keys' },
    });
  });

  test('common/promote-kubectl', () => {
    const withInput = (input: object) => acceptedTask({ task: 'common/promote-kubectl', with: input });
    expect(withInput({ manifest: 'https://a/{{ .color }}.yaml' })).toMatchObject({
      kind: 'exec',
      command: 'kubectl',
      args: ['apply', '--namespace', 'tests', '--filename', 'https://a/{{ .color }}.yaml'],
    });
    expect(withInput({ manifest: 'http://m', namespace: 'n', recursive: true })).toMatchObject({
      args: ['apply', '--namespace', 'n', '--recursive', '--filename', 'http://m'],
    });
  });

  test('common/readiness without inputs has all defaults', () => {
    const defaults = { kind: 'readiness', initialDelayMs: 5000, retries: 12, intervalMs: 5000, objects: [] };
    expect(acceptedTask({ task: 'common/readiness' })).toEqual(defaults);
    expect(acceptedTask({ task: 'common/readiness', with: {} })).toEqual(defaults);
  });

  test('common/readiness', () => {
    const objRefs = [
      { kind: 'ksvc', name: 'app' },
      { kind: 'Deployment', name: 'db', namespace: 'data', waitFor: 'condition=Available' },
    ];
    expect(acceptedTask({ task: 'common/readiness', with: { objRefs } })).toEqual({
      kind: 'readiness',
      initialDelayMs: 5000,
      retries: 12,
      intervalMs: 5000,
      objects: [
        { kind: 'ksvc', name: 'app', namespace: 'tests', waitFor: { kind: 'exists' } },
        {
          kind: 'Deployment',
          name: 'db',
          namespace: 'data',
          waitFor: { kind: 'condition', type: 'Available', status: 'True' },
        },
      ],
    });
  });

  test('metrics/collect, of both eras', () => {
    const collect = (input: object) => acceptedTask({ task: 'metrics/collect', with: input });
    expect(collect({ versions: [{ name: 'v1', url: 'http://a' }] })).toEqual({
      kind: 'collect',
      versions: [{ name: 'v1', url: 'http://a', headers: [], requestsPerSecond: 8 }],
      amount: { kind: 'requests', count: 100 },
      connections: 4,
      loadOnly: false,
    });
    expect(collect({ versions: [{ name: 'v1', url: 'http://a', qps: 2.5, headers: { n: 1 } }] })).toMatchObject({
      versions: [{ headers: [{ name: 'n', value: '1' }], requestsPerSecond: 2.5 }],
      amount: { kind: 'duration', durationMs: 5000 },
    });
    const both = { numQueries: 7, time: '1m', payloadStr: 'a', payloadURL: 'http://p', contentType: 'text/plain' };
    expect(collect({ versions: [{ name: 'v1', url: 'http://a' }], ...both, loadOnly: true })).toMatchObject({
      amount: { kind: 'requests', count: 7 },
      payload: { kind: 'url', url: 'http://p' },
      contentType: 'text/plain',
      loadOnly: true,
    });
  });

  test('notification/http', () => {
    expect(acceptedTask({ task: 'notification/http', with: { URL: 'http://a' } })).toEqual({
      kind: 'http',
      url: 'http://a',
      method: 'POST',
      auth: 'None',
      headers: [],
      ignoreFailure: true,
    });
    const bearer = { url: 'http://a', authType: 'Bearer', secret: 'other/keys', ignoreFailure: false };
    expect(acceptedTask({ task: 'notification/http', with: bearer })).toMatchObject({
      auth: 'Bearer',
      secret: { namespace: 'other', name: 'keys' },
      ignoreFailure: false,
    });
  });

  test('notification/slack', () => {
    expect(acceptedTask({ task: 'notification/slack', with: { channel: '#a', secret: 'slack' } })).toEqual({
      kind: 'slack',
      channel: '#a',
      secret: { namespace: 'tests', name: 'slack' },
      ignoreFailure: true,
    });
  });
});

test.each(['if', 'condition'])('a task may have a condition, written %s', (key) => {
  expect(acceptedTask({ run: 'ls', [key]: 'not WinnerFound()' })).toMatchObject({
    condition: { kind: 'not', of: { kind: 'call', name: 'WinnerFound' } },
  });
});

test.each<[string, object, string]>([
  ['neither task nor run', { with: {} }, 'actions.finish[0]: expected one of task and run, got neither'],
  ['both', { task: 'common/exec', run: 'ls' }, 'actions.finish[0]: expected one of task and run, got both'],
  [
    'a library beside run',
    { library: 'common', run: 'ls' },
    'actions.finish[0].library: expected no library beside run, got "common"',
  ],
  [
    'a body that GET would not send',
    { task: 'notification/http', with: { url: 'http://a', method: 'GET', body: 'text' } },
    'finish[0].with.method: expected POST beside a body, got GET',
  ],
  [
    'an unknown function',
    { run: 'ls', if: 'Won()' },
    'finish[0].if: expected a condition such as CandidateWon(), got Won at character 1',
  ],
  [
    'two conditions',
    { run: 'ls', if: 'true', condition: 'true' },
    'finish[0].condition: expected one of if and condition, got both',
  ],
  [
    'an unknown input',
    { run: 'ls', with: { secrets: 'a' } },
    'finish[0].with.secrets: expected one of secret, got "secrets"',
  ],
  [
    'a variable that is not there',
    { task: 'common/bash', with: { script: 'echo {{ .colour }}' } },
    'finish[0].with.script: expected variables of the version, got {{ .colour }} at character 6 is not among .name, .color (version v1)',
  ],
  [
    'a field that is not there',
    { run: 'echo @< .Spec.Colour >@' },
    'finish[0].run: expected variables of the version, got @< .Spec.Colour >@ at character 6 is not there',
  ],
  ['a secret that is not named', { run: '@< Secret "a" >@' }, 'needs a `secret` to take it from'],
  [
    'a secret that bash would not read',
    { run: 'echo \'x @< .Secret "a" >@\'', with: { secret: 's' } },
    'finish[0].run: expected secrets outside single quotes (bash reads them as variables), got @< .Secret "a" >@',
  ],
  [
    'a template in a URL',
    { task: 'notification/http', with: { URL: 'http://a/{{ .no }}' } },
    'finish[0].with.URL: expected variables of the version',
  ],
  [
    'a template in a header',
    { task: 'notification/http', with: { url: 'http://a', headers: [{ name: 'n', value: '{{ .no }}' }] } },
    'finish[0].with.headers[0].value: expected variables',
  ],
  [
    'a template in a manifest',
    { task: 'common/promote-kubectl', with: { manifest: '{{ .no }}' } },
    'finish[0].with.manifest: expected variables',
  ],
  [
    'a variable of another version',
    { task: 'metrics/collect', with: { versions: [{ name: 'else', url: 'http://{{ .color }}' }] } },
    'finish[0].with.versions[0].url: expected variables of the version, got {{ .color }} at character 8 is not among .name',
  ],
  ['no URL', { task: 'notification/http', with: {} }, 'finish[0].with: expected one of URL and url, got neither'],
  [
    'authentication without a secret',
    { task: 'notification/http', with: { url: 'a', authType: 'Basic' } },
    'finish[0].with.authType: expected a secret beside the authType, got none',
  ],
  [
    'a wait that kubectl does not know',
    { task: 'common/readiness', with: { objRefs: [{ kind: 'a', name: 'b', waitFor: 'ready' }] } },
    'finish[0].with.objRefs[0].waitFor: expected delete, create, condition=TYPE',
  ],
  [
    'no versions',
    { task: 'metrics/collect', with: { versions: [] } },
    'finish[0].with.versions: expected at least one version, got none',
  ],
  [
    'a late init-experiment',
    { task: 'knative/init-experiment' },
    'finish[0].task: expected knative/init-experiment among the start actions only',
  ],
])('%s is refused at its place', (_, task, expected) => {
  expect(taskProblems(task)).toContain(expected);
});

test('a load that no task has the time for is refused', () => {
  const load = { numQueries: 10_000, versions: [{ name: 'v1', url: 'http://a' }] };
  expect(taskProblems({ task: 'metrics/collect', with: load })).toContain(
    'finish[0].with: expected a load that is shorter than serin.dev/task-limit, 5 min, got 20 min',
  );
});

test('a value that a shell would interpret is refused where a shell reads it', () => {
  const baseline = { name: 'v1', variables: [{ name: 'color', value: '$(id)' }] };
  const found = (task: object) => findProblems({ actions: { start: [task] }, baseline }).join('\n');
  const words = 'is "$(id)", but a shell takes only letters, digits and _@%+=:,./- as they are (version v1)';
  expect(found({ task: 'common/bash', with: { script: 'echo {{ .color }}' } })).toContain(words);
  expect(found({ run: 'echo @< .color >@' })).toContain(words);
  expect(found({ task: 'common/exec', with: { cmd: '/bin/sh', args: ['-c', 'echo {{ .color }}'] } })).toContain(words);
  expect(found({ task: 'common/exec', with: { cmd: 'echo', args: ['{{ .color }}'] } })).toBe('');
});

describe('loops', () => {
  test('have actions, and their length', () => {
    const { loop, iterations, iterationsPerLoop } = accepted({
      actions: { loop: [{ run: 'ls' }] },
      duration: { iterationsPerLoop: 3, maxLoops: 4 },
    });
    expect({ loop, iterations, iterationsPerLoop }).toMatchObject({
      loop: [{ kind: 'script' }],
      iterations: 12,
      iterationsPerLoop: 3,
    });
  });

  test('have templates that are checked for both versions', () => {
    expect(findProblems({ actions: { loop: [{ task: 'common/bash', with: { script: '{{ .no }}' } }] } })).toEqual([
      expect.stringContaining('actions.loop[0].with.script: expected variables of the version'),
    ]);
  });
});

describe('handlers of v2alpha1', () => {
  const apiVersion = 'iter8.tools/v2alpha1';
  const actions = { start: [{ run: 'a' }], loop: [{ run: 'b' }], finish: [{ run: 'c' }] };

  test('run the actions by their default names', () => {
    const handlers = { start: 'start', loop: 'loop', finish: 'finish', rollback: 'finish' };
    const { start, loop, finish, finishOnRollBack } = accepted({ apiVersion, actions, handlers });
    expect([start, loop, finish].map((tasks) => tasks?.length)).toEqual([1, 1, 1]);
    expect(finishOnRollBack).toBe(true);
  });

  test('switch actions off', () => {
    const handlers = { start: 'none', loop: 'none', rollback: 'none', failure: 'none' };
    const experiment = accepted({ apiVersion, actions, handlers });
    expect(experiment).toMatchObject({ start: [], loop: [], finish: [{ kind: 'script' }], finishOnRollBack: false });
  });

  test('that a failure would run are a warning', () => {
    const reading = read({ apiVersion, actions, handlers: { failure: 'finish' } });
    expect(reading.kind === 'ok' && reading.warnings.map(formatIssue).join('\n')).toContain(
      'spec.strategy.handlers.failure: expected none, got "finish"; a failure runs no actions',
    );
  });

  test('with other names are refused', () => {
    expect(findProblems({ apiVersion, actions, handlers: { start: 'mine' } })).toEqual([
      'handlers.start: expected start or none (serin runs the actions of the manifest, not handlers that are installed elsewhere), got "mine"',
    ]);
  });

  test('are refused in v2alpha2', () => {
    expect(findProblems({ actions, handlers: { start: 'none' } })).toEqual([
      expect.stringContaining('handlers: expected actions alone (iter8.tools/v2alpha2 has no handlers'),
    ]);
  });
});
