import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../core/experiment/analysis.ts';
import type { Analysis } from '../../../core/experiment/analysis.ts';
import type { Assessment } from '../../../core/verdicts/assessment.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import { judgeInterval } from '../../../core/planner/judge-candidate.ts';
import type { IntervalJudgement, JudgeIntervalInput } from '../../../core/planner/judge-candidate.ts';
import { addCounts } from '../../../core/measurements/counters.ts';
import { noCounts } from '../../../core/measurements/measurement.ts';
import type { Counts } from '../../../core/measurements/measurement.ts';
import { binomial, seededRandom } from '../../../core/offline/random.ts';
import { anExperiment, someCounts } from '../../support/builders.ts';
import type { ExperimentChanges } from '../../support/builders.ts';

const errorRate = { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false } as const;
const tail = { metric: '95th-percentile-tail-latency', upperLimit: 100, rollbackOnFailure: false } as const;
const mean = { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false } as const;

function sequential(changes: ExperimentChanges = {}, analysis: Partial<Analysis> = {}): Experiment {
  const chosen = { ...sequentialAnalysis, dispersion: 'off', ...analysis } as const;
  return anExperiment({ objectives: [errorRate], minSamples: 1, ...changes, analysis: chosen });
}

interface Interval {
  readonly candidate: Counts;
  readonly baseline?: Counts;
}

type Known = Pick<JudgeIntervalInput, 'totals' | 'evidence'>;
const nothing: Known = { totals: { baseline: noCounts, candidate: noCounts } };

/** Judges the intervals one after another, 12 s each, and returns what is known after the last. */
function judgeIntervals(
  experiment: Experiment,
  intervals: readonly Interval[],
  weight = 50,
  before: Known = nothing,
): IntervalJudgement {
  let known = before;
  let judged: IntervalJudgement | undefined;
  for (const [index, { candidate, baseline = someCounts() }] of intervals.entries()) {
    const window = { fromMs: index * 12_000, toMs: (index + 1) * 12_000 };
    judged = judgeInterval({
      experiment,
      ...known,
      weight,
      measurement: { kind: 'measured', ...window, baseline, candidate },
    });
    const { totals, evidence } = judged;
    known = { totals, ...(evidence === undefined ? {} : { evidence }) };
  }
  if (judged === undefined) throw new Error('at least one interval');
  return judged;
}

function assessIntervals(experiment: Experiment, ...intervals: readonly Interval[]): Assessment {
  return judgeIntervals(experiment, intervals).assessment;
}

describe('the sequential analysis', () => {
  test('leaves 1 error of 3 requests undecided, and passes 1 of 3,000 (T11)', () => {
    const few = assessIntervals(sequential(), { candidate: someCounts({ requests: 3, errors: 1 }) });
    expect(few.overall?.verdict).toBe('undecided');
    const many = assessIntervals(sequential(), { candidate: someCounts({ requests: 3000, errors: 1 }) });
    expect(many.overall?.verdict).toBe('pass');
  });

  test('fails a candidate that is surely beyond its limit, with the odds', () => {
    const { overall, objectives } = assessIntervals(sequential(), {
      candidate: someCounts({ requests: 500, errors: 30 }),
    });
    expect(overall?.verdict).toBe('fail');
    expect(objectives[0]?.reason).toMatch(
      /^error-rate 0\.060 \[0\.0\d+, 0\.\d+\], limit 0\.010 \+50 %, 500 requests, evidence against it \d+:1 \(needs 20:1\)$/,
    );
  });

  test('fails a candidate with 5 % of errors beside a baseline that has none (T12)', () => {
    const intervals = Array.from({ length: 10 }, () => ({
      baseline: someCounts({ requests: 200, errors: 0 }),
      candidate: someCounts({ requests: 200, errors: 10 }),
    }));
    expect(assessIntervals(sequential(), ...intervals).overall?.verdict).toBe('fail');
  });

  test('says how many more requests, and how much time, a pass still needs', () => {
    const { objectives } = assessIntervals(sequential(), { candidate: someCounts({ requests: 150 }) });
    expect(objectives[0]).toMatchObject({ candidate: 'undecided', evidence: { passed: false } });
    expect(objectives[0]?.reason).toMatch(/evidence for it 4\.\d:1 of 20:1; needs about \d+ more requests, [\d.]+ s$/);
    const needed = objectives[0]?.evidence?.requestsToPass ?? 0;
    const after = (more: number) => assessIntervals(sequential(), { candidate: someCounts({ requests: 150 + more }) });
    expect(after(needed).overall?.verdict).toBe('pass');
    expect(after(needed - 1).overall?.verdict).toBe('undecided');
  });

  test('says how many more requests a mean latency needs', () => {
    const experiment = sequential({ objectives: [mean] });
    const after = (requests: number) => assessIntervals(experiment, { candidate: someCounts({ requests }) });
    const needed = after(60).objectives[0]?.evidence?.requestsToPass ?? 0;
    expect(after(60).objectives[0]?.reason).toContain(`needs about ${needed} more requests`);
    const verdicts = [needed - 1, needed].map((more) => after(60 + more).overall?.verdict);
    expect(verdicts).toEqual(['undecided', 'pass']);
  });

  test('asks for as many more requests as bursts make them worth less', () => {
    const needs = (dispersion: number): number => {
      const judged = assessIntervals(sequential({}, { dispersion }), { candidate: someCounts({ requests: 150 }) });
      return 150 + (judged.objectives[0]?.evidence?.requestsToPass ?? 0);
    };
    expect(needs(3)).toBeCloseTo(3 * needs(1), -1);
  });

  test('says when a pass is not to be expected', () => {
    const { objectives } = assessIntervals(sequential(), { candidate: someCounts({ requests: 100, errors: 2 }) });
    expect(objectives[0]?.reason).toMatch(/as it looks now it will not pass$/);
  });

  test('asks for the minimum of samples, whatever the evidence', () => {
    const { overall } = assessIntervals(sequential({ minSamples: 1000 }), { candidate: someCounts({ requests: 900 }) });
    expect(overall).toEqual({ verdict: 'undecided', reason: '900 of 1000 requests' });
  });

  test('latches a pass, but not beyond an estimate that has become bad', () => {
    const good = { candidate: someCounts({ requests: 1000 }) };
    const worse = { candidate: someCounts({ requests: 100, errors: 2 }) };
    const latched = judgeIntervals(sequential(), [good, worse]);
    expect(latched.assessment.objectives[0]).toMatchObject({ candidate: 'pass', evidence: { passed: true } });
    const bad = { candidate: someCounts({ requests: 1000, errors: 40 }) };
    expect(judgeIntervals(sequential(), [good, bad]).assessment.objectives[0]?.candidate).not.toBe('pass');
  });

  test('finds a candidate that turns bad after many good intervals', () => {
    const good = Array.from({ length: 6 }, () => ({ candidate: someCounts({ requests: 1200, errors: 2 }) }));
    const { assessment } = judgeIntervals(sequential(), [
      ...good,
      { candidate: someCounts({ requests: 1200, errors: 60 }) },
    ]);
    expect(assessment.overall?.verdict).toBe('fail');
  });

  test('blames the environment when the baseline fails too', () => {
    const bad = someCounts({ requests: 1000, errors: 200 });
    const { overall } = assessIntervals(sequential(), { candidate: bad, baseline: bad });
    expect(overall?.verdict).toBe('environment');
    expect(overall?.reason).toMatch(/^baseline and candidate fail together: error-rate 0\.200/);
  });

  test('blames the candidate when the baseline fails something else, or has failed before and recovered', () => {
    const broken = someCounts({ requests: 100, errors: 90 });
    const slow = someCounts({ requests: 1000, latencyMs: 150 });
    const both = sequential({ objectives: [errorRate, tail] });
    expect(assessIntervals(both, { candidate: broken, baseline: slow }).overall?.verdict).toBe('fail');
    const good = someCounts({ requests: 200 });
    const outage = { candidate: good, baseline: someCounts({ requests: 200, errors: 60 }) };
    const fine = { candidate: good, baseline: good };
    const turned = assessIntervals(sequential(), outage, fine, { candidate: broken, baseline: good });
    expect(turned.overall?.verdict).toBe('fail');
  });

  test('holds nothing against either version after the environment has recovered', () => {
    const bad = someCounts({ requests: 100, errors: 20 });
    const good = someCounts({ requests: 200 });
    const outage = { candidate: bad, baseline: bad };
    const fine = { candidate: good, baseline: good };
    expect(assessIntervals(sequential(), fine, outage).overall?.verdict).toBe('environment');
    expect(assessIntervals(sequential(), fine, outage, fine).overall?.verdict).toBe('undecided');
    const long = Array.from({ length: 30 }, () => fine);
    expect(assessIntervals(sequential(), fine, outage, ...long).overall?.verdict).toBe('pass');
  });

  test('excuses nothing by a baseline that has no traffic any more, or by another objective that fails both', () => {
    const good = someCounts({ requests: 50 });
    const outage = { candidate: good, baseline: someCounts({ requests: 1000, errors: 500 }) };
    const alone = { candidate: someCounts({ requests: 1000, errors: 900 }), baseline: noCounts };
    expect(assessIntervals(sequential(), outage, alone).overall?.verdict).toBe('fail');
    const slowToo = assessIntervals(sequential({ objectives: [errorRate, tail] }), {
      candidate: someCounts({ requests: 300, errors: 300, latencyMs: 150 }),
      baseline: someCounts({ requests: 300, errors: 300, latencyMs: 10 }),
    });
    expect(slowToo.overall?.verdict).toBe('fail');
  });

  describe('at little traffic', () => {
    const fine = { candidate: someCounts({ requests: 12 }), baseline: someCounts({ requests: 12 }) };
    const first = {
      candidate: someCounts({ requests: 12, errors: 4 }),
      baseline: someCounts({ requests: 12, errors: 1 }),
    };
    const outage = {
      candidate: someCounts({ requests: 2, errors: 1 }),
      baseline: someCounts({ requests: 22, errors: 9 }),
    };
    const alone = { candidate: someCounts({ requests: 2, errors: 1 }), baseline: someCounts({ requests: 22 }) };
    const before = [fine, fine, fine];

    test('only suspects a candidate that may fail together with the baseline', () => {
      const { overall } = assessIntervals(sequential(), ...before, first);
      expect(overall?.verdict).toBe('suspect');
      expect(overall?.reason).toMatch(/^not shown to be worse than the baseline: error-rate 0\.0833 /);
    });

    test('holds nothing against a suspect once the baseline has failed too', () => {
      expect(assessIntervals(sequential(), ...before, first, outage).overall?.verdict).toBe('environment');
      expect(assessIntervals(sequential(), ...before, first, outage, fine).overall?.verdict).toBe('undecided');
    });

    test('fails a suspect that goes on to fail alone, whatever intervals have no request of it', () => {
      const none = { candidate: noCounts, baseline: someCounts({ requests: 22 }) };
      expect(assessIntervals(sequential(), ...before, first, none).overall?.verdict).toBe('suspect');
      expect(assessIntervals(sequential(), ...before, first, none, alone, alone).overall?.verdict).toBe('fail');
    });

    test('still suspects a candidate while the baseline has no request by chance', () => {
      const chance = { candidate: someCounts({ requests: 12, errors: 4 }), baseline: noCounts };
      expect(assessIntervals(sequential(), ...before, chance).overall?.verdict).toBe('suspect');
    });

    test('only suspects a candidate that is slow in the mean as long as the baseline may be as slow', () => {
      const experiment = sequential({ objectives: [mean] });
      const slow = (requests: number) => someCounts({ requests, latencyMs: 400 });
      const usual = { candidate: someCounts({ requests: 12 }), baseline: someCounts({ requests: 2 }) };
      const earlier = [usual, usual, usual];
      const both = { candidate: slow(12), baseline: slow(1) };
      expect(assessIntervals(experiment, ...earlier, both).overall?.verdict).toBe('suspect');
      const moved = { candidate: slow(2), baseline: slow(22) };
      expect(assessIntervals(experiment, ...earlier, both, moved).overall?.verdict).toBe('environment');
      const itself = { candidate: slow(2), baseline: someCounts({ requests: 22 }) };
      expect(assessIntervals(experiment, ...earlier, both, itself, itself).overall?.verdict).toBe('fail');
    });

    test.each([
      ['somewhat slower than the limit, in the bucket of the limit', 58],
      ['slow throughout', 400],
      ['slower than any boundary', 5_000],
    ])('fails a candidate that is %s, beside a baseline that is not', (_, latencyMs) => {
      const experiment = sequential({ objectives: [mean] });
      const interval = { candidate: someCounts({ requests: 200, latencyMs }), baseline: someCounts({ requests: 200 }) };
      expect(assessIntervals(experiment, interval, interval, interval).overall?.verdict).toBe('fail');
    });

    test('fails a candidate of which a few requests hang', () => {
      const experiment = sequential({ objectives: [mean] });
      const candidate = addCounts(someCounts({ requests: 180 }), someCounts({ requests: 20, latencyMs: 4_000 }));
      const interval = { candidate, baseline: someCounts({ requests: 200 }) };
      expect(assessIntervals(experiment, interval, interval, interval).overall?.verdict).toBe('fail');
    });

    test('fails a candidate that nothing was ever compared with', () => {
      const unseen = { candidate: someCounts({ requests: 12, errors: 4 }), baseline: noCounts };
      expect(assessIntervals(sequential(), unseen).overall?.verdict).toBe('fail');
    });
  });

  test('blames the environment for as long as it is bad, be it only moderately', () => {
    const random = seededRandom(1);
    const twice = (requests: number) => someCounts({ requests, errors: binomial(random, requests, 0.02) });
    let blamed = 0;
    for (let run = 0; run < 40; run += 1) {
      let known = nothing;
      for (let interval = 0; interval < 60; interval += 1) {
        const judged = judgeIntervals(sequential(), [{ candidate: twice(100), baseline: twice(400) }], 50, known);
        known = judged;
        if (judged.assessment.overall?.verdict !== 'fail') continue;
        blamed += 1;
        break;
      }
    }
    expect(blamed).toBeLessThan(14);
  });

  test('blames the environment from the first moment of an outage, though bursts are otherwise worth little', () => {
    const fine = { candidate: someCounts({ requests: 5 }), baseline: someCounts({ requests: 90 }) };
    const outage = {
      candidate: someCounts({ requests: 15, errors: 4 }),
      baseline: someCounts({ requests: 90, errors: 16 }),
    };
    const before = Array.from({ length: 4 }, () => fine);
    const auto = sequential({}, { dispersion: 'auto' });
    expect(assessIntervals(auto, ...before, outage).overall?.verdict).toBe('environment');
  });

  test('fails a candidate by a count, whatever the baseline counts', () => {
    const count = { metric: 'error-count', upperLimit: 10, rollbackOnFailure: false } as const;
    const bad = someCounts({ requests: 1000, errors: 50 });
    expect(
      assessIntervals(sequential({ objectives: [count] }), { candidate: bad, baseline: bad }).overall?.verdict,
    ).toBe('fail');
  });

  test('takes the latencies of bursts for less than they count', () => {
    const verdict = (dispersion: Analysis['dispersion'], correlations?: readonly number[]) => {
      const known = correlations === undefined ? {} : { correlations };
      const experiment = sequential({ objectives: [mean], ...known }, { dispersion });
      return assessIntervals(experiment, { candidate: someCounts({ requests: 400 }) }).overall?.verdict;
    };
    expect(verdict('off')).toBe('pass');
    expect(verdict(8)).toBe('undecided');
    expect(verdict('auto', [0.05])).toBe('undecided');
    expect(verdict('auto', [0])).toBe('pass');
  });

  test('needs every objective for a pass, and names the one that a fail rests on', () => {
    const experiment = sequential({ objectives: [errorRate, tail, mean] });
    const slow = assessIntervals(experiment, { candidate: someCounts({ requests: 2000, latencyMs: 150 }) });
    expect(slow.objectives.map(({ candidate }) => candidate)).toEqual(['pass', 'fail', 'undecided']);
    expect(slow.overall?.verdict).toBe('fail');
    const fast = assessIntervals(experiment, { candidate: someCounts({ requests: 2000, latencyMs: 10 }) });
    expect(fast.overall?.verdict).toBe('pass');
  });

  test('compares counts, which are facts', () => {
    const count = { metric: 'request-count', lowerLimit: 5000, rollbackOnFailure: false } as const;
    const { objectives } = assessIntervals(sequential({ objectives: [count] }), {
      candidate: someCounts({ requests: 1000 }),
    });
    expect(objectives[0]).toMatchObject({
      candidate: 'undecided',
      reason: 'request-count 1000 < limit 5000, 1000 requests',
    });
  });

  test('is stricter with more confidence, and with less tolerance', () => {
    const interval = { candidate: someCounts({ requests: 300 }) };
    expect(assessIntervals(sequential(), interval).overall?.verdict).toBe('pass');
    const sure = sequential({}, { falsePass: 0.001 });
    expect(assessIntervals(sure, interval).overall?.verdict).toBe('undecided');
    expect(assessIntervals(sequential({ tolerance: 0 }), interval).overall?.verdict).toBe('undecided');
  });

  test('takes less from bursts, as the dispersion says', () => {
    const interval = { candidate: someCounts({ requests: 400 }) };
    expect(assessIntervals(sequential({}, { dispersion: 2 }), interval).overall?.verdict).toBe('undecided');
    const learned = sequential({ correlations: [0.01] }, { dispersion: 'auto' });
    expect(assessIntervals(learned, interval).overall?.verdict).toBe('undecided');
    expect(assessIntervals(sequential({ correlations: [0.01] }), interval).overall?.verdict).toBe('pass');
  });

  test('keeps what it knows small and safe for JSON', () => {
    const experiment = sequential({ objectives: [errorRate, tail, mean] });
    const intervals = Array.from({ length: 100 }, () => ({ candidate: someCounts({ requests: 100, errors: 1 }) }));
    const { evidence } = judgeIntervals(experiment, intervals);
    const text = JSON.stringify(evidence);
    expect(JSON.parse(text)).toEqual(evidence);
    expect(text).not.toContain('null');
    expect(text.length).toBeLessThan(3000);
  });

  test('judges nothing before the warm-up is over, and shows what it saw', () => {
    const experiment = sequential({}, { warmUpMs: 30_000 });
    const measurement = {
      kind: 'measured',
      fromMs: 0,
      toMs: 12_000,
      baseline: someCounts(),
      candidate: someCounts({ errors: 900 }),
    } as const;
    const totals = { baseline: noCounts, candidate: noCounts };
    const judged = judgeInterval({ experiment, totals, measurement, weight: 10, warmUpUntilMs: 30_000 });
    expect(judged).toMatchObject({ totals, weight: 10, reason: 'warming up for another 30 s, nothing is judged yet' });
    expect(judged.assessment.overall?.verdict).toBe('undecided');
  });
});
