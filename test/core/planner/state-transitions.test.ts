import { describe, expect, test } from 'vitest';
import { formatEvent } from '../../../core/experiment/event.ts';
import { publicStage } from '../../../core/experiment/stage.ts';
import {
  isUsedProof,
  personRefusal,
  refusalReason,
  withPerson,
  withRequest,
  withUsedProof,
  withVerifiedName,
} from '../../../core/planner/accept-request.ts';
import { clockToleranceMs, formatApproval, proofLimitMs } from '../../../core/planner/requests.ts';
import { initialState } from '../../../core/planner/experiment-state.ts';
import type { ExperimentState } from '../../../core/planner/experiment-state.ts';
import {
  completeLoop,
  enterAborting,
  enterCompleted,
  enterFinishing,
  enterInitializing,
  enterRunning,
  enterWaiting,
  openGate,
  startClock,
  waitForHolder,
  withCancellation,
  withCollected,
  withFoundVersions,
  withIteration,
  withWarnings,
} from '../../../core/planner/state-transitions.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const experiment = anExperiment();
const initial = initialState({ workflowId: 'w', firstRunId: 'r' });
const read = enterWaiting(initial, {
  experiment,
  searchAttributes: ['SerinStage'],
  temporalAddress: 'localhost:7233',
  warnings: ['experiment.yaml:1:1 odd'],
});
const initializing = enterInitializing(read, experiment);
const findings = { revisions: [{ image: 'blue' }, { image: 'green' }], weights: [3], tags: [], warnings: ['mind'] };
const starting = enterRunning(initializing, experiment, findings);
const running = startClock(starting, experiment, 1000);
const holder = {
  temporalAddress: 'other:7233',
  temporalNamespace: 'default',
  workflowId: 'other',
  firstRunId: 'x',
  why: 'it is running',
};

test.each<[string, ExperimentState, string, string]>([
  ['a new run', initial, 'Waiting', 'ExperimentInitialized: Experiment status initialized'],
  ['a manifest that was read', read, 'Waiting', 'ExperimentInitialized: Experiment status initialized'],
  [
    'a target that another run holds',
    waitForHolder(read, holder),
    'Waiting',
    'ExperimentInitialized: waiting for other, which holds the target',
  ],
  ['a target that is ours', initializing, 'Initializing', 'TargetAcquired: Target default/sample-app acquired'],
  ['a preflight that passed', starting, 'Running', 'StageAdvanced: Advanced to Running'],
  ['the first step', running, 'Running', 'StageAdvanced: Advanced to Running'],
  ['the end of a loop', completeLoop(running, 2), 'Running', 'IterationUpdate: Completed Loop 2'],
  [
    'an end with finish actions',
    enterFinishing(running, experiment),
    'Finishing',
    "TerminalHandlerLaunched: Finish handler 'finish' launched",
  ],
  [
    'an end without finish actions',
    enterFinishing(running, { finish: [] }),
    'Finishing',
    'StageAdvanced: Advanced to Finishing',
  ],
  [
    'an abort',
    enterAborting(running, 'aborted by alice: broken'),
    'Finishing',
    'ExperimentAborted: aborted by alice: broken',
  ],
  [
    'a promotion',
    enterCompleted(running, { outcome: 'Promoted', reason: 'all pass', atMs: 9 }),
    'Completed',
    'ExperimentCompleted: Experiment completed successfully',
  ],
  [
    'a roll back',
    enterCompleted(running, { outcome: 'RolledBack', reason: 'failed', atMs: 9 }),
    'Completed',
    'ExperimentCompleted: Experiment ended RolledBack',
  ],
])('%s shows its stage and event', (_, { stage, event }, expectedStage, expectedEvent) => {
  expect(publicStage(stage)).toBe(expectedStage);
  expect(formatEvent(event)).toBe(expectedEvent);
});

describe('what goes on in a run that was continued as new', () => {
  test.each<[string, ExperimentState, string]>([
    ['the reading of the manifest', initial, 'Reading'],
    ['the wait for the target', waitForHolder(read, holder), 'Waiting'],
    ['the first step', starting, 'Starting'],
    ['the observation', running, 'Running'],
  ])('is %s by the stage alone', (_, state, stage) => {
    expect(state.stage).toBe(stage);
  });

  test('passes as JSON', () => {
    expect(JSON.parse(JSON.stringify(running))).toEqual(running);
  });
});

describe('the transitions', () => {
  test('keep the warnings of manifest and preflight', () => {
    expect(running.warnings).toEqual(['experiment.yaml:1:1 odd', 'mind']);
  });

  test('forget the holder once the target is ours', () => {
    expect(enterInitializing(waitForHolder(read, holder), experiment).waitingFor).toBeUndefined();
  });

  test('name the versions that were found', () => {
    const baseline = { name: 'baseline', revision: 'v1', variables: {} };
    const candidates = [{ name: 'candidate', revision: 'v2', variables: {} }];
    const unknown = anExperiment({ discovers: true });
    const found = withFoundVersions(initializing, unknown, { baseline, candidates }).experiment;
    expect(found).toMatchObject({ discovers: false, baseline: { revision: 'v1' }, candidates: [{ revision: 'v2' }] });
  });

  test('make the run answer for the traffic once the preflight has passed', () => {
    expect(initializing.traffic.verified).toBe(false);
    expect(starting.traffic.verified).toBe(true);
    expect(starting.preflight).toEqual({ images: { current: 'blue', candidate: 'green' }, digests: {}, pins: {} });
    expect(starting.candidateStates.map(({ weight }) => weight)).toEqual([3]);
  });

  test('leave the traffic alone in a conformance test, which has nothing to confirm', () => {
    const conformance = anExperiment({ testingPattern: 'Conformance', candidates: [] });
    const state = startClock(enterRunning(initializing, conformance, { ...findings, weights: [100] }), conformance, 1);
    expect(state.traffic).toMatchObject({ verified: false, confirmed: true, sequence: 0 });
  });

  test('take over what the preflight learned about bursts, and how to begin', () => {
    const firstStep = { weights: [5], reason: 'careful' };
    const state = enterRunning(initializing, experiment, { ...findings, correlations: [0.1, null], firstStep });
    expect(state.experiment?.correlations).toEqual([0.1, null]);
    expect(state.preflight?.firstStep).toEqual(firstStep);
  });

  test('begin the first interval when the first step has been taken', () => {
    expect(running.clock).toEqual({ startedAtMs: 1000, deadlineMs: 1000, observedUntilMs: 1000 });
  });

  test('keep the newest iterations, with the reason of the weights', () => {
    const record = { atMs: 0, weightsBefore: [10], weightsAfter: [20], reason: 'climbs' };
    let state = running;
    for (let iteration = 1; iteration <= 60; iteration += 1) {
      state = withIteration(state, { deadlineMs: iteration, record: { ...record, iteration } });
    }
    expect(state.history.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 50 }, (_, at) => at + 11));
    expect(state.clock.deadlineMs).toBe(60);
    expect(state.traffic.reason).toBe('climbs');
  });

  test('keep each of the newest warnings once', () => {
    const many = Array.from({ length: 25 }, (_, at) => `warning ${at}`);
    expect(withWarnings(withWarnings(initial, many), ['warning 24']).warnings).toEqual(many.slice(5));
  });

  test('make an abort of a cancellation, unless one was asked for before', () => {
    const cancelled = withCancellation(running, 5);
    expect(cancelled).toMatchObject({ cancelled: true, abort: { reason: 'the workflow was cancelled', atMs: 5 } });
    const aborted = withRequest(running, 'abort', { by: 'alice', atMs: 4 });
    expect(withCancellation(aborted, 5)).toMatchObject({ cancelled: true, abort: { by: 'alice', atMs: 4 } });
  });

  test('add up what load tasks count, of the versions of the experiment and no others', () => {
    const once = withCollected(read, { current: someCounts({ requests: 10 }), elsewhere: someCounts() });
    const twice = withCollected(once, { current: someCounts({ requests: 5 }), candidate: someCounts({ requests: 7 }) });
    const requests = Object.entries(twice.collected).map(([name, counts]) => [name, counts.requests]);
    expect(Object.fromEntries(requests)).toEqual({ current: 15, candidate: 7 });
  });
});

describe('the gate', () => {
  test('takes decisions once it is open', () => {
    expect(refusalReason('approve', running)).toContain('no approval gate is open');
    expect(refusalReason('approve', openGate(running, 7))).toBeUndefined();
  });

  test('takes a decision about what was asked, and about nothing that is asked since', () => {
    const gated = openGate(running, 7);
    expect([refusalReason('approve', gated), refusalReason('approve', gated, 7)]).toEqual([undefined, undefined]);
    for (const kind of ['approve', 'reject'] as const) {
      expect(refusalReason(kind, gated, 6)).toBe(
        'another promotion is asked about by now: look at it, and decide again',
      );
    }
  });

  test('is of no interest once somebody aborts', () => {
    const aborted = withRequest(openGate(running, 7), 'abort', { by: 'ann', atMs: 8 });
    expect(refusalReason('approve', aborted)).toBe('the experiment is aborted by ann');
    expect(refusalReason('abort', aborted)).toBeUndefined();
  });

  test('keeps the first decision of a kind', () => {
    const approved = withRequest(openGate(running, 7), 'approve', { by: 'alice', atMs: 8 });
    expect(withRequest(approved, 'approve', { by: 'bob', atMs: 9 }).gate).toEqual({
      openedAtMs: 7,
      approved: { by: 'alice', atMs: 8 },
    });
  });

  test('counts each approver once, as a name or by a group, and needs as many as it says', () => {
    const approvers = { users: ['ann'], groups: ['sre'], count: 2 };
    const gated = openGate({ ...running, experiment: { ...experiment, approvers } }, 7);
    const [ann, cid, eve] = [
      { user: 'ann', groups: ['sre'] },
      { user: 'cid', groups: ['staff', 'sre'] },
      { user: 'eve', groups: ['staff'] },
    ];
    expect(personRefusal('approve', gated, eve)).toBe('eve is none of the approvers: 2 of ann, group:sre');
    expect(personRefusal('approve', gated, undefined)).toContain('the name must be verified');
    expect(personRefusal('reject', gated, undefined)).toBeUndefined();
    const once = withRequest(gated, 'approve', withPerson({ atMs: 8 }, ann, approvers));
    expect(once.gate).toEqual({ openedAtMs: 7, approvals: [{ by: 'ann', atMs: 8, verified: { user: 'ann' } }] });
    expect(personRefusal('approve', once, ann)).toBe('ann has approved already; 1 more must');
    const second = withPerson({ atMs: 9, reason: 'fine' }, cid, approvers);
    const twice = withRequest(once, 'approve', second);
    expect(twice.gate?.approved).toEqual({
      by: 'cid',
      atMs: 9,
      reason: 'fine',
      verified: { user: 'cid', group: 'sre' },
    });
    expect(formatApproval(second, twice.gate?.approvals)).toBe('approved, verified: ann and cid (group sre): fine');
  });

  test('learns the verified name of what was carried out, as far as it still tells of it', () => {
    const made = { by: 'somebody', atMs: 8 };
    const verified = { by: 'ann', atMs: 8, verified: { user: 'ann' } };
    const kinds = ['abort', 'pause', 'reject', 'approve'] as const;
    const states = kinds.map((kind) =>
      withVerifiedName(withRequest(openGate(running, 7), kind, made), { made, verified }),
    );
    expect(states.map(({ abort, paused, gate }) => abort ?? paused ?? gate?.rejected ?? gate?.approved)).toEqual(
      kinds.map(() => verified),
    );
    const another = { by: 'bob', atMs: 8 };
    expect(withVerifiedName(withRequest(running, 'abort', another), { made, verified }).abort).toBe(another);
  });

  test('remembers used proofs for as long as they would count', () => {
    const used = withUsedProof(withUsedProof(running, 'first', 0), 'second', proofLimitMs + clockToleranceMs - 1);
    expect([isUsedProof(used, 'first'), isUsedProof(used, 'second')]).toEqual([true, true]);
    const later = withUsedProof(used, 'third', proofLimitMs + clockToleranceMs + 1);
    expect([isUsedProof(later, 'first'), isUsedProof(later, 'second')]).toEqual([false, true]);
  });

  test('is closed once the run is finishing', () => {
    const finishing = enterFinishing(openGate(running, 7), experiment);
    expect(refusalReason('reject', finishing)).toBe('the gate is closed: the experiment is Finishing');
  });
});
