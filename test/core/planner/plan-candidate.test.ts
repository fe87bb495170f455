import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import type { UndecidedPolicy } from '../../../core/experiment/analysis.ts';
import type { Assessment, Verdict } from '../../../core/verdicts/assessment.ts';
import type { Drift } from '../../../core/traffic/drift.ts';
import { planCandidate } from '../../../core/planner/plan-candidate.ts';
import type { CandidatePlanInput } from '../../../core/planner/plan-candidate.ts';
import type { ApprovalGate } from '../../../core/planner/requests.ts';
import { anExperiment } from '../../support/builders.ts';
import type { ExperimentChanges } from '../../support/builders.ts';

const nowMs = 1_000_000;

function anAssessment(
  verdicts: readonly Verdict[],
  changes: { rollbackOnFailure?: boolean; samples?: number } = {},
): Assessment {
  const { rollbackOnFailure = true, samples = 1000 } = changes;
  const objective = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure } as const;
  return {
    objectives: verdicts.map((candidate) => ({
      objective,
      baseline: 'pass',
      candidate,
      reason: `error-rate is a ${candidate}`,
      suspect: false,
    })),
    metrics: [],
    samples: { baseline: samples, candidate: samples },
  };
}

function anInput(changes: Partial<CandidatePlanInput> = {}): CandidatePlanInput {
  return {
    experiment: anExperiment(),
    nowMs,
    iteration: 1,
    weight: 10,
    drift: { kind: 'none', notes: [] },
    computed: { assessment: anAssessment(['pass']), weight: 20, reason: 'climbs' },
    ...changes,
  };
}

function computed(verdicts: readonly Verdict[], rollbackOnFailure = true): NonNullable<CandidatePlanInput['computed']> {
  return { assessment: anAssessment(verdicts, { rollbackOnFailure }), weight: 20, reason: 'climbs' };
}

describe('plan', () => {
  test('shifts to the computed weight between the iterations', () => {
    expect(planCandidate(anInput())).toEqual({ kind: 'shift', weight: 20, reason: 'climbs' });
  });

  test('holds when the computed weight is the present one', () => {
    expect(planCandidate(anInput({ weight: 20 }))).toEqual({ kind: 'hold', reason: 'climbs' });
  });

  test('promotes after the last iteration when everything passes', () => {
    expect(planCandidate(anInput({ iteration: 5 }))).toEqual({
      kind: 'promote',
      reason: 'all objectives pass: error-rate is a pass',
    });
  });

  test.each([
    ['undecided', 'undecided: error-rate is a undecided'],
    ['error', 'not measurable: error-rate is a error'],
    ['fail', 'failed: error-rate is a fail'],
  ] as const)('rolls back after the last iteration on %s, and says which it was', (verdict, reason) => {
    expect(planCandidate(anInput({ iteration: 5, computed: computed([verdict], false) }))).toEqual({
      kind: 'rollBack',
      reason,
    });
  });

  test('names failed and undecided objectives apart', () => {
    const decision = planCandidate(anInput({ iteration: 5, computed: computed(['fail', 'undecided', 'pass'], false) }));
    expect(decision.reason).toBe('failed: error-rate is a fail; undecided: error-rate is a undecided');
  });

  test('rolls back at once on a failure that asks for it', () => {
    expect(planCandidate(anInput({ computed: computed(['fail']) })).kind).toBe('rollBack');
  });

  test('goes on after a failure that does not ask for a roll back', () => {
    expect(planCandidate(anInput({ computed: computed(['fail'], false) })).kind).toBe('shift');
  });

  test('rolls back on a failure even while the cluster is out of sight', () => {
    const blind = { sinceMs: nowMs, reason: 'API server does not answer' };
    const input = anInput({ computed: computed(['fail']), drift: { kind: 'unknown', reason: 'x' }, blind });
    expect(planCandidate(input).kind).toBe('rollBack');
  });

  test.each(['paused', 'closed until 2027-01-04 07:00:00 UTC: Christmas'])(
    'lowers the weight but does not raise it while %s',
    (heldBy) => {
      const down = { assessment: anAssessment(['fail'], { rollbackOnFailure: false }), weight: 5, reason: 'drops' };
      expect(planCandidate(anInput({ heldBy }))).toEqual({ kind: 'hold', reason: `${heldBy}, weight held` });
      expect(planCandidate(anInput({ heldBy, computed: down }))).toEqual({
        kind: 'shift',
        weight: 5,
        reason: 'drops',
      });
    },
  );

  test('does not promote at the gate while it is held, though it is approved', () => {
    const input = anInput({ gate: { openedAtMs: nowMs, approved: { atMs: nowMs } }, iteration: 5 });
    expect(planCandidate(input).kind).toBe('promote');
    expect(planCandidate({ ...input, heldBy: 'paused' }).kind).toBe('hold');
  });

  test('lowers the weight at the gate, when it waits and something speaks for less', () => {
    const lower = { ...computed(['undecided']), weight: 5, reason: 'backs off 40 -> 5' };
    const gate = { gate: { openedAtMs: nowMs }, iteration: 5, weight: 40, computed: lower };
    expect(planCandidate(anInput(gate))).toEqual({ kind: 'shift', weight: 5, reason: 'backs off 40 -> 5' });
  });

  test('waits at the gate when an approved candidate is no longer proven', () => {
    const gate = { gate: { openedAtMs: nowMs, approved: { atMs: nowMs } }, iteration: 5 };
    expect(planCandidate(anInput({ ...gate, computed: computed(['undecided']) })).kind).toBe('hold');
  });
});

const verdicts = fc.array(fc.constantFrom<Verdict>('pass', 'fail', 'undecided', 'error'), { maxLength: 4 });
const drifts = fc.constantFrom<Drift>(
  { kind: 'none', notes: [] },
  { kind: 'stop', reason: 'edited' },
  { kind: 'candidateGone', reason: 'gone' },
  { kind: 'candidateUnready', reason: 'unready' },
  { kind: 'unknown', reason: 'unreachable' },
);
const inputs = fc
  .record({
    verdicts,
    rollbackOnFailure: fc.boolean(),
    samples: fc.constantFrom(0, 99, 100, 5000),
    drift: drifts,
    iteration: fc.integer({ min: 0, max: 6 }),
    weight: fc.integer({ min: 0, max: 100 }),
    next: fc.integer({ min: 0, max: 100 }),
    measured: fc.boolean(),
    isBlind: fc.boolean(),
    held: fc.boolean(),
    gate: fc.boolean(),
    approved: fc.boolean(),
    approval: fc.constantFrom('required', 'none'),
  })
  .map((given): CandidatePlanInput => {
    const assessment = anAssessment(given.verdicts, given);
    return {
      experiment: anExperiment({ approval: given.approval }),
      nowMs,
      iteration: given.iteration,
      weight: given.weight,
      drift: given.drift,
      ...(given.measured ? { computed: { assessment, weight: given.next, reason: 'computed' } } : {}),
      ...(given.isBlind ? { blind: { sinceMs: nowMs, reason: 'blind' } } : {}),
      ...(given.gate ? { gate: { openedAtMs: nowMs, ...(given.approved ? { approved: { atMs: nowMs } } : {}) } } : {}),
      ...(given.held ? { heldBy: 'paused' } : {}),
    };
  });

describe('every plan', () => {
  test('promotes only what was measured, passed, finished its iterations or gate, and is neither held nor blind', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        if (planCandidate(input).kind !== 'promote') return;
        expect(input.computed?.assessment.objectives.every(({ candidate }) => candidate === 'pass')).toBe(true);
        expect(input.computed?.assessment.samples.candidate).toBeGreaterThanOrEqual(
          input.computed?.assessment.objectives.length === 0 ? 100 : 0,
        );
        expect(input.heldBy).toBeUndefined();
        expect(input.blind).toBeUndefined();
        expect(input.drift.kind === 'none' || input.drift.kind === 'unknown').toBe(true);
        expect(input.iteration >= 5 || input.gate !== undefined).toBe(true);
        if (input.experiment.approval === 'required') expect(input.gate?.approved).toBeDefined();
      }),
    );
  });

  test('writes nothing once somebody else decides about the traffic', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expect(planCandidate({ ...input, drift: { kind: 'stop', reason: 'edited' } }).kind).toBe('stop');
      }),
    );
  });

  test('is not made more daring by one more failure', () => {
    const daring = { stop: 0, rollBack: 0, hold: 1, shift: 1, openGate: 1, promote: 2 };
    fc.assert(
      fc.property(inputs, (input) => {
        if (input.computed === undefined) return;
        const worse = {
          ...input.computed.assessment,
          objectives: [...input.computed.assessment.objectives, ...anAssessment(['fail']).objectives],
        };
        const after = planCandidate({ ...input, computed: { ...input.computed, assessment: worse } });
        expect(daring[after.kind]).toBeLessThanOrEqual(daring[planCandidate(input).kind]);
      }),
    );
  });

  test('carries a reason', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expect(planCandidate(input).reason).not.toBe('');
      }),
    );
  });
});

describe('after the last iteration without a decision', () => {
  const undecided = (policy: UndecidedPolicy, changes: Partial<CandidatePlanInput> = {}) => {
    const experiment = anExperiment({
      analysis: { ...sequentialAnalysis, undecided: policy, longestExtensionMs: 60_000 },
    });
    const overall = { verdict: 'undecided', reason: 'too few requests' } as const;
    const assessment = { ...anAssessment(['undecided']), overall };
    return planCandidate(
      anInput({ experiment, iteration: 5, computed: { assessment, weight: 20, reason: 'climbs' }, ...changes }),
    );
  };

  test('an experiment is rolled back where it is told so', () => {
    expect(undecided('rollback')).toEqual({ kind: 'rollBack', reason: 'undecided: too few requests' });
  });

  test('an experiment is extended, climbs on, and is rolled back when that has lasted too long', () => {
    expect(undecided('extend', { extendedSinceMs: nowMs - 59_000 })).toEqual({
      kind: 'shift',
      weight: 20,
      reason: 'extended: undecided: too few requests; climbs',
    });
    expect(undecided('extend', { extendedSinceMs: nowMs - 60_000 })).toEqual({
      kind: 'rollBack',
      reason: 'undecided: too few requests, after 1 min more',
    });
  });

  test('a person is asked, whose approval promotes', () => {
    expect(undecided('hold')).toMatchObject({ kind: 'openGate' });
    const approved = { by: 'alice', atMs: nowMs };
    expect(undecided('hold', { gate: { openedAtMs: nowMs, approved } })).toEqual({
      kind: 'promote',
      reason: 'undecided: too few requests; approved by alice',
    });
  });

  test('a person who says nothing in time leaves it rolled back, although time may promote what passes', () => {
    const experiment = anExperiment({
      analysis: { ...sequentialAnalysis, undecided: 'hold' },
      approval: 'required',
      approvalLimitMs: 1_000,
      onApprovalLimit: 'promote',
    });
    const gate = { openedAtMs: nowMs - 1_000 };
    expect(undecided('hold', { experiment, gate })).toEqual({
      kind: 'rollBack',
      reason: 'no approval within 1 s, but undecided: too few requests',
    });
    expect(undecided('hold', { experiment, gate: { openedAtMs: nowMs - 999 } })).toMatchObject({ kind: 'hold' });
  });

  test('estimates within the limits promote, and that is called unproven', () => {
    const withEstimate = (isWithinLimits: boolean, changes: Partial<CandidatePlanInput> = {}) => {
      const { objectives, ...rest } = anAssessment(['undecided']);
      const overall = { verdict: 'undecided', reason: 'too few requests' } as const;
      const assessment = { ...rest, overall, objectives: objectives.map((one) => ({ ...one, isWithinLimits })) };
      return undecided('pointEstimate', { computed: { assessment, weight: 20, reason: 'climbs' }, ...changes });
    };
    expect(withEstimate(true)).toMatchObject({ kind: 'promote', reason: expect.stringMatching(/^unproven/) });
    expect(withEstimate(false)).toMatchObject({ kind: 'rollBack' });
    expect(withEstimate(true, { starvedSinceMs: nowMs })).toMatchObject({ kind: 'hold' });
  });

  test('estimates within the limits promote with the approval that the manifest asks for, and not before', () => {
    const asked = {
      approval: 'required',
      approvalLimitMs: 1_000,
      analysis: { ...thresholdAnalysis, undecided: 'pointEstimate' },
    } as const;
    const atGate = (isWithinLimits: boolean, gate?: ApprovalGate, settings: ExperimentChanges = {}) => {
      const { objectives, ...rest } = anAssessment(['undecided']);
      const assessment = { ...rest, objectives: objectives.map((one) => ({ ...one, isWithinLimits })) };
      return planCandidate(
        anInput({
          experiment: anExperiment({ ...asked, ...settings }),
          iteration: 5,
          computed: { assessment, weight: 20, reason: 'climbs' },
          weight: 20,
          ...(gate === undefined ? {} : { gate }),
        }),
      );
    };
    expect(atGate(true)).toMatchObject({ kind: 'openGate', reason: expect.stringMatching(/^unproven.*approval$/) });
    expect(atGate(true, { openedAtMs: nowMs })).toMatchObject({ kind: 'hold', reason: 'waiting for approval' });
    const approved = { openedAtMs: nowMs, approved: { by: 'ann', atMs: nowMs } };
    expect(atGate(true, approved)).toMatchObject({
      kind: 'promote',
      reason: expect.stringMatching(/^unproven.*; approved by ann$/),
    });
    expect(atGate(false, approved)).toMatchObject({ kind: 'hold', reason: expect.stringMatching(/^waiting/) });
    const over = { openedAtMs: nowMs - 1_000 };
    expect(atGate(true, over)).toMatchObject({ kind: 'rollBack' });
    expect(atGate(true, over, { onApprovalLimit: 'promote' })).toMatchObject({ kind: 'promote' });
    expect(atGate(false, over, { onApprovalLimit: 'promote' })).toMatchObject({ kind: 'rollBack' });
  });

  test('a failed objective is rolled back, whatever the policy is', () => {
    const experiment = anExperiment({ analysis: { ...thresholdAnalysis, undecided: 'extend' } });
    const failed = computed(['fail', 'undecided'], false);
    expect(planCandidate(anInput({ experiment, iteration: 5, computed: failed }))).toMatchObject({ kind: 'rollBack' });
  });
});

describe('with error bounds', () => {
  const suspect = { verdict: 'suspect', reason: 'so it is' } as const;
  const judged = (
    verdict: NonNullable<Assessment['overall']>['verdict'],
    changes: Partial<CandidatePlanInput> = {},
  ) => {
    const assessment = {
      ...anAssessment(['undecided'], { rollbackOnFailure: false }),
      overall: { verdict, reason: 'so it is' },
    };
    return planCandidate(anInput({ computed: { assessment, weight: 20, reason: 'climbs' }, ...changes }));
  };

  test('a fail ends the experiment at once, also without rollback_on_failure', () => {
    expect(judged('fail')).toEqual({ kind: 'rollBack', reason: 'failed: so it is' });
  });

  test('a bad environment holds the weight, and rolls back when it lasts', () => {
    expect(judged('environment')).toEqual({ kind: 'hold', reason: 'environment: so it is' });
    const since = nowMs - anExperiment().blindLimitMs;
    expect(judged('environment', { environmentSinceMs: since })).toMatchObject({ kind: 'rollBack' });
  });

  test('a suspect drops to the weight of a failure, never climbs, and is rolled back when it stays one', () => {
    const assessment = { ...anAssessment(['fail']), overall: suspect };
    const drops = anInput({ weight: 45, computed: { assessment, weight: 5, reason: 'drops' } });
    expect(planCandidate(drops)).toEqual({ kind: 'shift', weight: 5, reason: 'suspect: so it is' });
    expect(judged('suspect', { weight: 10 })).toEqual({ kind: 'hold', reason: 'suspect: so it is' });
    const since = nowMs - anExperiment().blindLimitMs;
    expect(judged('suspect', { environmentSinceMs: since })).toMatchObject({ kind: 'rollBack' });
  });

  test('a pass promotes after the last iteration only', () => {
    expect(judged('pass')).toMatchObject({ kind: 'shift' });
    expect(judged('pass', { iteration: 5 })).toMatchObject({ kind: 'promote' });
  });
});
