import { logAddExp, logMeanExp } from './log-space.ts';

/**
 * A fail process that starts afresh with every interval: a version that turns bad is not protected by its good past.
 *
 * A mixture over start times with weights ½, ½/(s(s−1)), which sum to 1, so that the error bound holds for ever; the idea of
 * e-detectors (Shin, Ramdas, Rinaldo, arXiv 2203.03532) with summable weights.
 */
export interface RestartingProcess {
  readonly intervals: number;
  /** One log for each alternative of the grid; empty before the first interval. */
  readonly logs: readonly number[];
}

/** The process before the first interval. */
export const freshProcess: RestartingProcess = { intervals: 0, logs: [] };

/** Adds one interval, given what it adds to each alternative. */
export function addInterval({ intervals, logs }: RestartingProcess, increments: readonly number[]): RestartingProcess {
  const start = intervals + 1;
  const logWeight = Math.log(start === 1 ? 0.5 : 0.5 / (start * (start - 1)));
  return {
    intervals: start,
    logs: increments.map((increment, index) => logAddExp(logs[index] ?? -Infinity, logWeight) + increment),
  };
}

/** The log evidence: the starts so far, and those still to come, which are worth 1 each. */
export function logEvidence({ intervals, logs }: RestartingProcess): number {
  return intervals === 0 ? 0 : logAddExp(logMeanExp(logs), Math.log(0.5 / intervals));
}
