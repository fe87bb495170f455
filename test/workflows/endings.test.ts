import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import { describe as describeReport } from '../../core/report/describe.ts';
import { anExperiment } from '../support/builders.ts';
import { failedExperiment } from '../support/failed-experiment.ts';
import { worldFailure, fakeWorld, measured, withBaseline, withCandidate } from '../support/fake-world.ts';
import type { WorldBehaviour } from '../support/fake-world.ts';
import { untilReport } from '../support/until-report.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';

let workflows: WorkflowEnvironment;
beforeAll(async () => {
  workflows = await startWorkflowEnvironment();
});
afterAll(() => workflows.teardown());

describe('before the first write', () => {
  test('a refused preflight fails the experiment and writes nothing', async () => {
    const world = fakeWorld({
      onPreflight: () => {
        throw worldFailure('PreflightRefused', 'sample-app-v0 has 100 % of the traffic');
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('PreflightRefused');
    expect(message).toBe('sample-app-v0 has 100 % of the traffic; traffic untouched');
    expect(world.log).toEqual(['release']);
  });

  test('a manifest that is read but must not be run fails the experiment, which says whose it is, and writes nothing', async () => {
    const world = fakeWorld({
      onRead: (reading) => {
        const message = 'Unable to find metric default/busyness';
        throw ApplicationFailure.nonRetryable(message, 'MetricUnavailable', { reading });
      },
    });
    const { type, message, report } = await workflows.run(world, failedExperiment);
    expect(type).toBe('MetricUnavailable');
    expect(message).toBe('Unable to find metric default/busyness; traffic untouched');
    expect(describeReport(report)).toContain('Experiment name: canary\n');
    expect(world.log).toEqual(['release']);
  });

  test('a candidate that is not ready by its deadline fails the experiment and writes nothing', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ readinessLimitMs: 20_000 }),
      onReadiness: () => {
        throw new Error('sample-app-v2 is not ready: ImagePullBackOff');
      },
    });
    const { message } = await workflows.run(world, failedExperiment);
    expect(message).toContain('sample-app-v2 is not ready: ImagePullBackOff');
    expect(world.patches).toEqual([]);
  });

  test('a limit that ends an activity during an attempt tells the failure of the attempt before it', async () => {
    let attempts = 0;
    const world = fakeWorld({
      experiment: anExperiment({ readinessLimitMs: 8_000 }),
      onReadiness: async () => {
        attempts += 1;
        if (attempts === 1) throw worldFailure('NotReady', 'sample-app-v2: ImagePullBackOff', { isRetryable: true });
        await Context.current().cancelled;
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect({ type, message }).toEqual({
      type: 'NotReady',
      message: 'sample-app-v2: ImagePullBackOff; traffic untouched',
    });
  });
});

describe('a version that serves', () => {
  const onPatch: WorldBehaviour['onPatch'] = (_, { followLatest }) => {
    if (followLatest !== undefined) throw worldFailure('Invalid', 'a webhook denied it');
  };

  test('stays promoted, pinned, where its traffic may not follow the latest revision', async () => {
    const world = fakeWorld({ onPatch });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(report.warnings).toEqual(['the traffic stays pinned to sample-app-v2: a webhook denied it']);
    expect(world.patches.filter(({ followLatest }) => followLatest === undefined).at(-1)?.shares[1]?.percent).toBe(100);
  });

  test('and so after a roll back', async () => {
    const world = fakeWorld({ onPatch, measure: (_, window) => measured(window, { errors: 500 }) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.warnings).toEqual(['the traffic stays pinned to sample-app-v1: a webhook denied it']);
  });
});

describe('drift', () => {
  test('a newer revision without traffic is reported once and the run goes on', async () => {
    const world = fakeWorld({
      target: (_n, written) => ({ ...written, latestCreatedRevision: 'sample-app-v3' }),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(report.warnings).toEqual(['a newer revision sample-app-v3 appeared; it has no traffic and stays at 0 %']);
  });

  test('edited traffic stops the run, which writes nothing and names the editor', async () => {
    const specTraffic = [{ revisionName: 'sample-app-v1', percent: 100 }];
    const world = fakeWorld({
      target: (n, written) =>
        n === 2 ? ({ ...written, specTraffic, editor: 'kubectl-edit' } as typeof written) : written,
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Drift');
    expect(message).toBe(
      'spec.traffic was changed by kubectl-edit: expected sample-app-v1 80 %, sample-app-v2 20 %, found sample-app-v1 100 %',
    );
    expect(world.log.slice(-2)).toEqual(['observe', 'release']);
  });

  test('a newer deployment with traffic stops the run, which writes nothing', async () => {
    const specTraffic = [{ latestRevision: true, percent: 100 }];
    const world = fakeWorld({
      target: (n, written) => (n === 1 ? ({ ...written, specTraffic } as typeof written) : written),
    });
    const { type } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Drift');
    expect(world.patches).toHaveLength(1);
  });

  test('a candidate that is gone is rolled back', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 2 ? withCandidate(written, { kind: 'gone' }) : written),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'RolledBack', reason: 'candidate revision sample-app-v2 is gone' });
  });

  test('a candidate that is unready has its grace, then is rolled back', async () => {
    const unready = { kind: 'unready', reason: 'CrashLoopBackOff' } as const;
    const world = fakeWorld({
      experiment: anExperiment({ candidateGraceMs: 30_000 }),
      target: (n, written) => (n >= 2 ? withCandidate(written, unready) : written),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.reason).toBe(
      'candidate revision sample-app-v2 is not ready: CrashLoopBackOff, for longer than its grace of 30 s',
    );
    expect(world.observations).toBe(5);
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([10, 20, 0, 0]);
  });

  test('a candidate that becomes ready within its grace loses no iteration', async () => {
    const unready = { kind: 'unready', reason: 'starting' } as const;
    const world = fakeWorld({
      target: (n, written) => (n === 2 ? withCandidate(written, unready) : written),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('Promoted');
    expect(world.observations).toBe(6);
  });

  test('a baseline that is gone stops the run, which keeps what serves', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 2 ? withBaseline(written, { kind: 'gone' }) : written),
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect({ type, message }).toEqual({
      type: 'Drift',
      message: 'baseline revision sample-app-v1 is gone; traffic left as it is',
    });
    expect(world.patches).toHaveLength(2);
  });

  test('a target that is gone stops the run', async () => {
    const world = fakeWorld({ target: (n, written) => (n === 2 ? { kind: 'gone' } : written) });
    const { message } = await workflows.run(world, failedExperiment);
    expect(message).toBe('the Knative Service is gone');
  });
});

describe('a step that the cluster does not confirm', () => {
  test('is looked at again at once, written again, and costs no iteration', async () => {
    const world = fakeWorld({
      onPatch: (n, { plan }) => {
        if (n === 2 && plan.sequence === 2) throw worldFailure('NotConfirmed', 'RoutesReady: unknown');
      },
      target: (n, written) => (n === 2 ? ({ ...written, specTraffic: at(20) } as typeof written) : written),
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 5 });
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).toEqual([10, 20, 30, 40, 50, 100, 100]);
    expect(report.warnings).toEqual(['RoutesReady: unknown']);
  });

  test('is rolled back when it stays so beyond the blind limit', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ blindLimitMs: 3000 }),
      onPatch: (_n, { shares }) => {
        if (shares[1]?.percent === 20) throw worldFailure('NotConfirmed', 'RoutesReady: unknown');
      },
      target: (_n, written) => ({ ...written, specTraffic: at(world.observations > 1 ? 20 : 10) }) as typeof written,
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toBe("blind for longer than 3 s: the cluster has not reported the candidate's 20 % yet");
  });

  test('because somebody edited the traffic meanwhile stops the run, which writes nothing more', async () => {
    const edited = [{ revisionName: 'sample-app-v1', percent: 100 }];
    const world = fakeWorld({
      onPatch: (n) => {
        if (n === 2) throw worldFailure('Drift', 'spec.traffic was changed');
      },
      target: (n, written) => (n === 2 ? ({ ...written, specTraffic: edited } as typeof written) : written),
    });
    const { type } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Drift');
    expect(world.patches).toHaveLength(1);
  });

  test('says what the traffic must be before it is written', async () => {
    const world = fakeWorld({ experiment: anExperiment({ iterations: 2 }) });
    await workflows.run(world, (handle) => handle.result());
    expect(world.patches.map(({ present }) => present?.[1]?.percent)).toEqual([0, 10, 20, undefined]);
  });
});

describe('a candidate whose requests have ceased', () => {
  const silent =
    (from: number, to: number): WorldBehaviour['measure'] =>
    (n, window) =>
      measured(window, n >= from && n <= to ? { requests: 0 } : {});

  test('is not promoted on what it showed before, but when it is heard of again', async () => {
    const world = fakeWorld({ measure: silent(5, 7) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report).toMatchObject({ outcome: 'Promoted', completedIterations: 8 });
    expect(world.observations).toBe(8);
  });

  test('is rolled back when that lasts longer than the blind limit', async () => {
    const world = fakeWorld({ experiment: anExperiment({ blindLimitMs: 60_000 }), measure: silent(4, 1000) });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
    expect(report.reason).toMatch(/^undecided: the candidate has had no request for /);
  });
});

describe('a failed finish', () => {
  test('in a promotion brings the traffic back and fails with the mending words', async () => {
    const world = fakeWorld({
      onTask: () => {
        throw worldFailure('CommandFailed', 'helm upgrade sample-app exited with 1; run `helm history sample-app`');
      },
    });
    const { type, message, report } = await workflows.run(world, failedExperiment);
    expect(type).toBe('CommandFailed');
    expect(message).toBe(
      'promotion of sample-app-v2 failed: helm upgrade sample-app exited with 1; run `helm history sample-app`; ' +
        'to bring the release back to the baseline: `helm upgrade sample-app https://charts/values.tgz --namespace=default`; ' +
        'traffic is 100 % on sample-app-v1',
    );
    expect(world.log.slice(-2)).toEqual(['traffic 0', 'release']);
    expect(report).toMatchObject({ outcome: 'Failed', weights: { baseline: 100 } });
  });

  test('says what had run before it', async () => {
    const [helm] = anExperiment().finish;
    const notify = { kind: 'exec', command: 'notify', args: ['--token', 'hunter22'], interpolate: false } as const;
    const world = fakeWorld({
      experiment: anExperiment({ finish: [notify, ...(helm === undefined ? [] : [helm]), { ...notify, args: [] }] }),
      onTask: ({ args }) => {
        if (args.length === 0) throw worldFailure('CommandFailed', 'notify failed with exit code 1');
      },
    });
    const { message } = await workflows.run(world, failedExperiment);
    expect(message).toContain(
      'promotion of sample-app-v2 failed: after notify --token ***, helm upgrade sample-app https://charts/candidate-values.tgz ' +
        '(release default/sample-app at revision 3, deployed): notify failed with exit code 1; to bring the release back',
    );
  });

  test('in a roll back keeps the baseline and says what led to it', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 1 ? withCandidate(written, { kind: 'gone' }) : written),
      onTask: () => {
        throw worldFailure('CommandFailed', 'helm exited with 1');
      },
    });
    const { message } = await workflows.run(world, failedExperiment);
    expect(message).toBe(
      'rolled back (candidate revision sample-app-v2 is gone), but then: helm exited with 1; traffic is 100 % on sample-app-v1',
    );
  });

  test('a chart that changed since the preflight is not promoted', async () => {
    const world = fakeWorld({
      onCompare: () => {
        throw worldFailure('PromotionMismatch', 'the chart renders image:red, judged was image:green');
      },
    });
    const { type } = await workflows.run(world, failedExperiment);
    expect(type).toBe('PromotionMismatch');
    expect(world.log.filter((entry) => entry.startsWith('task'))).toEqual([]);
    expect(world.log.slice(-2)).toEqual(['traffic 0', 'release']);
  });

  test('a chart that changed since the preflight is not rolled back to either', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 1 ? withCandidate(written, { kind: 'gone' }) : written),
      onCompare: () => {
        throw worldFailure('PromotionMismatch', 'the chart renders image:red, judged was image:blue');
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('PromotionMismatch');
    expect(message).toBe(
      'rolled back (candidate revision sample-app-v2 is gone), but then: the chart renders image:red, judged was image:blue; ' +
        'traffic is 100 % on sample-app-v1',
    );
    expect(world.log.filter((entry) => entry.startsWith('task'))).toEqual([]);
  });

  test('an unproven promotion is not a promotion', async () => {
    const world = fakeWorld({
      onVerify: () => {
        throw worldFailure('NotReady', 'latest ready revision is sample-app-v3');
      },
    });
    const { message } = await workflows.run(world, failedExperiment);
    expect(message).toContain('latest ready revision is sample-app-v3');
    expect(world.log.slice(-2)).toEqual(['traffic 0', 'release']);
  });
});

describe('a baseline that the cluster does not report', () => {
  test('is no safe end: the run fails, keeps the Lease and says so', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 1 ? withCandidate(written, { kind: 'gone' }) : written),
      onPatch: (n) => {
        if (n === 2) throw worldFailure('NotConfirmed', 'RoutesReady: Unknown');
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('NotConfirmed');
    expect(message).toContain('100 % baseline is written, but the cluster has not reported it: RoutesReady: Unknown');
    expect(world.log).not.toContain('release');
  });
});

describe('fencing', () => {
  test('a run whose history was set back goes on after its own latest write, with the baseline', async () => {
    const world = fakeWorld({
      onPatch: (_n, { plan }) => {
        if (plan.sequence > 2 && plan.sequence <= 7) {
          throw ApplicationFailure.nonRetryable('a later write, run/7, has already happened', 'Fenced', {
            ownSequence: 7,
          });
        }
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Fenced');
    expect(message).toContain('traffic is 100 % on sample-app-v1');
    expect(world.patches.at(-1)).toMatchObject({ plan: { sequence: 8 }, shares: [{ percent: 100 }, { percent: 0 }] });
  });

  test('a roll back does not undo an edit that was made while the cluster was out of sight', async () => {
    const world = fakeWorld({
      measure: (n, window) => measured(window, n > 1 ? { errors: 500 } : {}),
      onPatch: (_n, { shares, present }) => {
        if (shares[1]?.percent === 0 && present !== undefined)
          throw worldFailure('Drift', 'spec.traffic was changed by alice');
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Drift');
    expect(message).toMatch(/spec\.traffic was changed by alice; roll back was for: failed: error-rate/);
    expect(world.patches.map(({ shares }) => shares[1]?.percent)).not.toContain(0);
  });

  const restored = (): Error => {
    const message = "the target's Lease is not held by this experiment (last write: restore-20261130T223806Z/1)";
    return ApplicationFailure.nonRetryable(message, 'Fenced', { isRestored: true });
  };

  test('an abort that finds the target restored has what it wants, and leaves the target to whoever restored it', async () => {
    const world = fakeWorld({
      experiment: anExperiment({ iterations: 1000, finishOnAbort: true }),
      onPatch: (_n, { shares }) => {
        if (shares[1]?.percent === 0) throw restored();
      },
    });
    const report = await workflows.run(world, async (handle) => {
      await untilReport(handle, ({ stage }) => stage === 'Running');
      await handle.signal(messages.abortSignal, { by: 'alice' });
      return handle.result();
    });
    expect(report).toMatchObject({
      outcome: 'Aborted',
      reason: 'aborted by alice; a restore has given everything to the baseline, and has taken the target',
    });
    expect(world.log.filter((entry) => entry.startsWith('task'))).toEqual([]);
  });

  test('a roll back that finds the target restored runs no finish action', async () => {
    const world = fakeWorld({
      measure: (n, window) => measured(window, n > 1 ? { errors: 500 } : {}),
      onPatch: (_n, { shares }) => {
        if (shares[1]?.percent === 0) throw restored();
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Fenced');
    expect(message).toMatch(
      /^a restore has given everything to the baseline, .*; roll back was for: failed: error-rate/,
    );
    expect(world.log.filter((entry) => entry.startsWith('task'))).toEqual([]);
  });

  test('a run that was fenced out writes nothing more', async () => {
    const world = fakeWorld({
      onPatch: (n) => {
        if (n === 3) throw worldFailure('Fenced', 'default/sample-app bears the plan of another run');
      },
    });
    const { type, message } = await workflows.run(world, failedExperiment);
    expect(type).toBe('Fenced');
    expect(message).toBe('default/sample-app bears the plan of another run; traffic left as it is');
    expect(world.patches).toHaveLength(2);
  });

  test('a baseline write that is refused keeps the Lease and says what to do', async () => {
    const world = fakeWorld({
      target: (n, written) => (n === 1 ? withCandidate(written, { kind: 'gone' }) : written),
      onPatch: (n) => {
        if (n === 2) throw worldFailure('Forbidden', 'may not patch services');
      },
    });
    const { message } = await workflows.run(world, failedExperiment);
    expect(message).toContain('100 % baseline was refused: may not patch services');
    expect(message).toContain('serin restore');
    expect(world.log).not.toContain('release');
  });

  test('a baseline write is tried through an outage', async () => {
    let attempts = 0;
    const world = fakeWorld({
      target: (n, written) => (n === 1 ? withCandidate(written, { kind: 'gone' }) : written),
      onPatch: (n) => {
        attempts += 1;
        if (n === 2 && attempts < 50) throw new Error('connection refused');
      },
    });
    const report = await workflows.run(world, (handle) => handle.result());
    expect(report.outcome).toBe('RolledBack');
  });
});

function at(candidate: number): readonly { readonly revisionName: string; readonly percent: number }[] {
  return [
    { revisionName: 'sample-app-v1', percent: 100 - candidate },
    { revisionName: 'sample-app-v2', percent: candidate },
  ];
}
