import { describe, expect, test } from 'vitest';
import { detectDrift } from '../../../core/traffic/drift.ts';
import type { TargetObservation, TrafficEntry } from '../../../core/traffic/target.ts';

const expected = { firstRunId: 'run', revisions: ['v1', 'v2'], shares: sharesAt(20), index: 1 };

function sharesAt(percent: number): { revision: string; percent: number }[] {
  return [
    { revision: 'v1', percent: 100 - percent },
    { revision: 'v2', percent },
  ];
}

type ObservedTarget = Extract<TargetObservation, { kind: 'observed' }>;

function observedTarget(changes: Partial<ObservedTarget> = {}): ObservedTarget {
  const specTraffic: TrafficEntry[] = [
    { revisionName: 'v1', percent: 80, tag: 'current' },
    { revisionName: 'v2', percent: 20, tag: 'candidate' },
  ];
  return { kind: 'observed', specTraffic, revisions: [{ kind: 'ready' }, { kind: 'ready' }], ...changes };
}

describe('detectDrift', () => {
  test('finds nothing in the traffic that was written', () => {
    expect(detectDrift(observedTarget({ plan: 'run/3' }), expected)).toEqual({ kind: 'none', notes: [] });
  });

  test('needs no revision of a version that is no more than a name, but the Knative Service', () => {
    const alone = { firstRunId: 'run', revisions: ['my-app'], areRevisionsOptional: true, index: 0 };
    expect(detectDrift(observedTarget({ revisions: [{ kind: 'gone' }] }), alone)).toEqual({ kind: 'none', notes: [] });
    expect(detectDrift({ kind: 'gone' }, alone).kind).toBe('stop');
  });

  test('does not mind foreign entries without traffic, nor entries that share a revision', () => {
    const specTraffic = [
      { revisionName: 'v1', percent: 50 },
      { revisionName: 'v1', percent: 30, tag: 'current' },
      { revisionName: 'v2', percent: 20 },
      { revisionName: 'v0', tag: 'old' },
    ];
    expect(detectDrift(observedTarget({ specTraffic }), expected).kind).toBe('none');
  });

  test.each<[string, TrafficEntry[], string]>([
    ['other percents', [{ revisionName: 'v1', percent: 100 }], 'v1 100 %'],
    [
      'a third revision',
      [
        { revisionName: 'v1', percent: 80 },
        { revisionName: 'v3', percent: 20 },
      ],
      'v1 80 %, v3 20 %',
    ],
    ['the latest revision', [{ latestRevision: true, percent: 100 }], 'the latest revision 100 %'],
    ['nothing at all', [], 'no traffic'],
  ])('stops on %s, saying what was expected and what was found', (_, specTraffic, found) => {
    expect(detectDrift(observedTarget({ specTraffic, editor: 'bob' }), expected)).toEqual({
      kind: 'stop',
      reason: `spec.traffic was changed by bob: expected v1 80 %, v2 20 %, found ${found}`,
    });
  });

  test('expects no entry for a candidate at 0 %', () => {
    const specTraffic = [{ revisionName: 'v1', percent: 100 }];
    expect(detectDrift(observedTarget({ specTraffic }), { ...expected, shares: sharesAt(0) }).kind).toBe('none');
  });

  test('stops when another run took the traffic over', () => {
    expect(detectDrift(observedTarget({ plan: 'other/1' }), expected)).toMatchObject({ kind: 'stop' });
  });

  test('an edit outweighs a lost candidate: whoever edited decides', () => {
    const specTraffic = [{ revisionName: 'v1', percent: 100 }];
    expect(
      detectDrift(observedTarget({ specTraffic, revisions: [{ kind: 'ready' }, { kind: 'gone' }] }), expected).kind,
    ).toBe('stop');
  });
});
