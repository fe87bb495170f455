import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import { isEnd, rejudge } from '../../../core/offline/rejudge.ts';
import type { RecordedInterval } from '../../../core/offline/rejudge.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';

const objectives = [{ metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false }] as const;

function intervals(...errors: readonly number[]): readonly RecordedInterval[] {
  return errors.map((bad, index) => {
    const window = { fromMs: index * 12_000, toMs: (index + 1) * 12_000 };
    const candidate = someCounts({ requests: 400, errors: bad });
    return {
      atMs: window.toMs,
      weights: [30],
      measurement: { kind: 'measured', ...window, baseline: someCounts(), candidates: [candidate] },
    };
  });
}

describe('rejudge', () => {
  test('ends where the criteria would have ended the run', () => {
    const judged = rejudge(anExperiment({ objectives, iterations: 3 }), intervals(1, 1, 1, 1));
    expect(judged).toHaveLength(3);
    expect(judged.at(-1)?.plan).toMatchObject({ kind: 'promote' });
  });

  test('decides otherwise by another method on the same intervals', () => {
    const recorded = intervals(6, 2, 3);
    const byThreshold = rejudge(anExperiment({ objectives, iterations: 3 }), recorded);
    expect(byThreshold.at(-1)?.plan.kind).toBe('promote');
    const analysis = { ...sequentialAnalysis, dispersion: 'off' } as const;
    const byEvidence = rejudge(anExperiment({ objectives, iterations: 3, analysis }), recorded);
    expect(byEvidence.at(-1)?.plan).toMatchObject({ kind: expect.not.stringMatching('promote') });
  });

  test('goes on where the record ends without a decision', () => {
    const judged = rejudge(anExperiment({ objectives, iterations: 9 }), intervals(0, 0));
    expect(judged.map(({ iteration }) => iteration)).toEqual([1, 2]);
    expect(judged.some(({ plan }) => isEnd(plan))).toBe(false);
  });

  test('counts no iteration that was out of sight', () => {
    const [first, second] = intervals(0, 0);
    const blind = { atMs: 24_000, weights: [30], measurement: { kind: 'blind', reason: 'no answer' } } as const;
    const judged = rejudge(
      anExperiment({ objectives }),
      [first, blind, second].filter((one) => one !== undefined),
    );
    expect(judged.map(({ iteration }) => iteration)).toEqual([1, 1, 2]);
  });
});
