import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IfExpression } from '../../../core/experiment/if-expression.ts';
import type { Task } from '../../../core/experiment/task-kinds.ts';
import { anExperiment } from '../../support/builders.ts';
import { failedExperiment } from '../../support/failed-experiment.ts';
import { worldFailure, fakeWorld, measured } from '../../support/fake-world.ts';
import type { FakeWorld } from '../../support/fake-world.ts';
import { startWorkflowEnvironment } from '../../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

const candidateWon: IfExpression = { kind: 'call', name: 'CandidateWon' };
const script = (text: string, condition?: IfExpression): Task => ({
  kind: 'script',
  script: text,
  delimiters: 'go',
  ...(condition === undefined ? {} : { condition }),
});
const http = (url: string, ignoreFailure = true): Task => ({
  kind: 'http',
  url,
  method: 'POST',
  auth: 'None',
  headers: [],
  ignoreFailure,
});

const readiness: Task = {
  kind: 'readiness',
  initialDelayMs: 0,
  retries: 3,
  intervalMs: 1000,
  objects: [{ kind: 'ksvc', namespace: 'a', name: 'app', waitFor: { kind: 'exists' } }],
};

const failing = {
  measure: (_n: number, window: { fromMs: number; toMs: number }) => measured(window, { errors: 500 }),
};

/** The log's lines about tasks, without those about traffic and metrics. */
function done({ log }: FakeWorld): readonly string[] {
  return log.filter((line) => /^(task|look|load|tell) /.test(line));
}

describe('every kind of task', () => {
  test('runs in the order of its action, with the variables of the version', async () => {
    const start: readonly Task[] = [
      { kind: 'init-experiment' },
      script('echo {{ .name }} @< .x >@'),
      {
        kind: 'readiness',
        initialDelayMs: 5000,
        retries: 2,
        intervalMs: 5000,
        objects: [{ kind: 'ksvc', namespace: 'a', name: 'app', waitFor: { kind: 'exists' } }],
      },
    ];
    const finish: readonly Task[] = [
      { ...script('x @< .Secret "key" >@'), delimiters: 'iter8', secret: { namespace: 'a', name: 's' } } as Task,
      {
        kind: 'collect',
        versions: [
          { name: 'current', url: 'http://{{ .promote }}', headers: [], requestsPerSecond: 1 },
          { name: 'else', url: 'http://{{ .name }}', headers: [], requestsPerSecond: 1 },
        ],
        amount: { kind: 'requests', count: 10 },
        connections: 1,
        loadOnly: false,
      },
      http('http://{{ .name }}'),
      { kind: 'slack', channel: '#a', secret: { namespace: 'a', name: 's' }, ignoreFailure: true },
    ];
    const world = fakeWorld({ experiment: anExperiment({ start, finish, iterations: 2 }) });
    const { outcome } = await workflows.run(world, (handle) => handle.result());
    expect(outcome).toBe('Promoted');
    expect(done(world)).toEqual([
      'task bash echo current @< .x >@',
      'look ksvc/app',
      'task bash x <key>',
      'load current=http://values else=http://else',
      'tell finish/2 http://candidate',
      expect.stringMatching(
        /^tell #a Experiment default\/canary: Finishing, 2 of 2 iterations\n.*\nWinner: candidate$/,
      ),
    ]);
  });

  test('may be left out by its condition, and then demands nothing of the target', async () => {
    const finish = [script('promote', candidateWon), script('give up', { kind: 'not', of: candidateWon })];
    const [promoted, rolledBack] = [
      fakeWorld({ experiment: anExperiment({ finish }) }),
      fakeWorld({ experiment: anExperiment({ finish }), ...failing }),
    ];
    await workflows.run(promoted, (handle) => handle.result());
    await workflows.run(rolledBack, (handle) => handle.result());
    expect([done(promoted), done(rolledBack)]).toEqual([['task bash promote'], ['task bash give up']]);

    let required: boolean | undefined;
    const none = fakeWorld({
      experiment: anExperiment({ finish: [script('promote', candidateWon), http('http://a')] }),
      onVerify: ({ requireLatest }) => void (required = requireLatest),
      ...failing,
    });
    await workflows.run(none, (handle) => handle.result());
    expect({ done: done(none), required }).toEqual({ done: ['tell finish/1 http://a'], required: false });
  });
});

describe('start actions', () => {
  const start = [http('http://a')];

  test('run once nothing refuses the experiment, and what they have changed is checked again', async () => {
    const world = fakeWorld({ experiment: anExperiment({ start, iterations: 1, finish: [] }) });
    await workflows.run(world, (handle) => handle.result());
    expect(world.log.slice(0, 4)).toEqual(['preflight', 'tell start/0 http://a', 'preflight', 'traffic 10']);
  });

  test('that only wait come before the checks, since they may wait for what is checked', async () => {
    const world = fakeWorld({ experiment: anExperiment({ start: [readiness], iterations: 1, finish: [] }) });
    await workflows.run(world, (handle) => handle.result());
    expect(world.log.slice(0, 3)).toEqual(['look ksvc/app', 'preflight', 'traffic 10']);
  });

  test.each(['onReadiness', 'onPreflight'] as const)('do not run where %s refuses the experiment', async (check) => {
    const refuse = (): never => {
      throw worldFailure('PreflightRefused', 'the target is not there');
    };
    const world = fakeWorld({ experiment: anExperiment({ start }), [check]: refuse });
    const { type } = await workflows.run(world, failedExperiment);
    expect({ type, done: done(world) }).toEqual({ type: 'PreflightRefused', done: [] });
  });

  test('that spoil what was found end the experiment before the first write', async () => {
    let checks = 0;
    const world = fakeWorld({
      experiment: anExperiment({ start }),
      onPreflight: () => {
        checks += 1;
        if (checks === 2) throw worldFailure('PreflightRefused', 'the release is gone');
      },
    });
    const { type } = await workflows.run(world, failedExperiment);
    expect({ type, patches: world.patches }).toEqual({ type: 'PreflightRefused', patches: [] });
  });
});

describe('loop actions', () => {
  const loop = [script('loop {{ .name }}'), http('http://a')];

  test('run after each loop, the last too, before the promotion, and each with a key of its own', async () => {
    const experiment = anExperiment({ iterations: 4, iterationsPerLoop: 2, loop, finish: [] });
    const world = fakeWorld({ experiment });
    await workflows.run(world, (handle) => handle.result());
    expect(world.log.filter((line) => /^(task|tell|traffic 100)/.test(line))).toEqual([
      'task bash loop candidate',
      'tell loop-1/1 http://a',
      'task bash loop candidate',
      'tell loop-2/1 http://a',
      'traffic 100',
    ]);
  });

  test('do not hold up a roll back', async () => {
    const experiment = anExperiment({ iterations: 4, iterationsPerLoop: 1, loop, finish: [] });
    const world = fakeWorld({ experiment, ...failing });
    const { outcome } = await workflows.run(world, (handle) => handle.result());
    expect({ outcome, done: done(world) }).toEqual({ outcome: 'RolledBack', done: [] });
  });

  test('that fail give the baseline everything and say where', async () => {
    const experiment = anExperiment({ iterations: 4, iterationsPerLoop: 2, loop });
    const world = fakeWorld({
      experiment,
      onTask: () => {
        throw worldFailure('CommandFailed', 'bash failed with exit code 1');
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect({ type, message }).toEqual({
      type: 'CommandFailed',
      message: 'loop actions failed after loop 1: bash failed with exit code 1; traffic is 100 % on sample-app-v1',
    });
  });
});

describe('a readiness task', () => {
  const notReady = (): Error => worldFailure('NotReady', 'ksvc a/app: does not exist', { isRetryable: true });

  test('looks again as often as it says', async () => {
    let attempts = 0;
    const world = fakeWorld({
      experiment: anExperiment({ start: [readiness], iterations: 1, finish: [] }),
      onObjectCheck: () => {
        attempts += 1;
        if (attempts < 4) throw notReady();
      },
    });
    await workflows.run(world, (handle) => handle.result());
    expect(attempts).toBe(4);
  });

  test('without objects waits for the target and its versions', async () => {
    let attempts = 0;
    const checks: string[] = [];
    const world = fakeWorld({
      experiment: anExperiment({ start: [{ ...readiness, objects: [] }], iterations: 1, finish: [] }),
      onObjectCheck: () => void checks.push('objects'),
      onReadiness: () => {
        attempts += 1;
        if (attempts < 3) throw notReady();
      },
    });
    await workflows.run(world, (handle) => handle.result());
    // Twice in vain, then for the task, and for the checks before the first step.
    expect(attempts).toBe(4);
    expect(checks).toEqual([]);
  });

  test('that is never fulfilled fails the experiment and leaves the traffic alone', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ start: [readiness] }),
      onObjectCheck: () => {
        throw notReady();
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect({ type, message }).toEqual({ type: 'NotReady', message: 'ksvc a/app: does not exist; traffic untouched' });
    expect(done(world)).toHaveLength(4);
  });
});

describe('a notification', () => {
  const refuse = (): never => {
    throw worldFailure('HttpRefused', 'the URL answered 404');
  };

  test('that fails is a warning', async () => {
    const experiment = anExperiment({ start: [http('http://a')], iterations: 1, finish: [] });
    const world = fakeWorld({ experiment, onNotify: refuse });
    const { outcome, warnings } = await workflows.run(world, (handle) => handle.result());
    expect({ outcome, warnings }).toEqual({
      outcome: 'Promoted',
      warnings: ['notification/http failed, which it may: the URL answered 404'],
    });
  });

  test('that must not fail ends the experiment', async () => {
    const experiment = anExperiment({ start: [http('http://a', false)] });
    const { type } = await workflows.run(fakeWorld({ experiment, onNotify: refuse }), failedExperiment);
    expect(type).toBe('HttpRefused');
  });

  test('is tried again with the same key while the receiver is down', async () => {
    const keys: string[] = [];
    const experiment = anExperiment({ start: [http('http://a')], iterations: 1, finish: [] });
    const world = fakeWorld({
      experiment,
      onNotify: ({ idempotencyKey }) => {
        keys.push(idempotencyKey);
        if (keys.length < 3) throw worldFailure('HttpUnavailable', 'http://a: refused', { isRetryable: true });
      },
    });
    const { warnings } = await workflows.run(world, (handle) => handle.result());
    expect(warnings).toEqual([]);
    expect(keys).toHaveLength(3);
    expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/^[\w-]{36}\/start\/0$/)]));
  });
});

test('a roll back runs no finish actions where the handler is switched off', async () => {
  const experiment = anExperiment({ finishOnRollBack: false });
  const world = fakeWorld({ experiment, ...failing });
  const { outcome } = await workflows.run(world, (handle) => handle.result());
  expect({ outcome, done: done(world) }).toEqual({ outcome: 'RolledBack', done: [] });
});
