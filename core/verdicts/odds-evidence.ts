import { addLogs, logBetEvidence } from '../stats/mean-betting.ts';
import { relativeFailIncrements, relativePassIncrements } from '../stats/relative.ts';
import type { PairedTrials } from '../stats/relative.ts';
import { addInterval, freshProcess, logEvidence } from '../stats/restarts.ts';
import type { RestartingProcess } from '../stats/restarts.ts';

/** The evidence about a candidate's share of bad requests beside the baseline's, as an odds ratio. */
export interface OddsEvidence {
  readonly kind: 'odds';
  readonly pass: readonly number[];
  readonly fail: RestartingProcess;
  readonly passed: boolean;
  /** The candidate's bad requests beyond what the ratio allows in the latest interval. */
  readonly excess: number;
}

/** The evidence before the first interval. */
export const noOdds: OddsEvidence = { kind: 'odds', pass: [], fail: freshProcess, passed: false, excess: 0 };

/** What the evidence is tested against. */
export interface OddsBounds {
  /** The ratio that a fail is tested against; `boundary` is the one that a pass is tested against. */
  readonly ratio: number;
  readonly boundary: number;
  readonly falsePass: number;
}

/** Adds one interval of both versions; without requests of one of them it says nothing. */
export function addOdds(
  known: OddsEvidence,
  trials: PairedTrials,
  { ratio, boundary, falsePass }: OddsBounds,
): OddsEvidence {
  const { candidate, baseline } = trials;
  if (candidate.requests === 0 || baseline.requests === 0) return { ...known, excess: 0 };
  const pass = addLogs(known.pass, relativePassIncrements(trials, boundary));
  const fail = addInterval(known.fail, relativeFailIncrements(trials, ratio));
  const passed = known.passed || logBetEvidence(pass) >= -Math.log(falsePass);
  const allowed = (ratio * candidate.requests * baseline.bad) / baseline.requests;
  return { kind: 'odds', pass, fail, passed, excess: candidate.bad - allowed };
}

/** The natural logs of both e-values. */
export function logOddsEvidence({ pass, fail }: OddsEvidence): { readonly pass: number; readonly fail: number } {
  return { pass: logBetEvidence(pass), fail: logEvidence(fail) };
}
