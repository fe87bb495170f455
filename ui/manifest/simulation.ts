import { useEffect, useState } from 'preact/hooks';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { bucketed, latencyByTail } from '../../core/offline/latency.ts';
import { seededRandom } from '../../core/offline/random.ts';
import { simulate } from '../../core/offline/simulate.ts';
import type { SimulatedRun, SimulationInput } from '../../core/offline/simulate.ts';
import { summarize } from '../../core/offline/summarize.ts';
import type { Summary } from '../../core/offline/summarize.ts';

/** What the traffic is like. */
export interface Traffic {
  readonly requestsPerSecond: number;
  /** Shares of requests that fail. */
  readonly candidateErrorRate: number;
  readonly baselineErrorRate: number;
  /** 95th percentiles, ms. */
  readonly candidateTailMs: number;
  readonly baselineTailMs: number;
}

/** What became of the simulated runs so far. */
export interface Simulated {
  readonly runs: number;
  readonly summary: Summary;
}

export const mostRuns = 300;

/** A turn is over before a person notices that the page does not answer, ms. */
const turnMs = 30;

/** Simulates an experiment again and again, some runs a turn, and anew when the traffic changes. */
export function useSimulation(experiment: Experiment, traffic: Traffic): Simulated | undefined {
  const [simulated, setSimulated] = useState<Simulated>();
  const { requestsPerSecond, candidateErrorRate, baselineErrorRate, candidateTailMs, baselineTailMs } = traffic;
  useEffect(() => {
    const input = buildInput(experiment, traffic);
    const runs: SimulatedRun[] = [];
    let timer: number | undefined;
    const turn = (): void => {
      const endsAt = performance.now() + turnMs;
      do runs.push(simulate(input));
      while (runs.length < mostRuns && performance.now() < endsAt);
      setSimulated({ runs: runs.length, summary: summarize(runs, experiment) });
      if (runs.length < mostRuns) timer = window.setTimeout(turn);
    };
    timer = window.setTimeout(turn);
    return () => window.clearTimeout(timer);
  }, [experiment, requestsPerSecond, candidateErrorRate, baselineErrorRate, candidateTailMs, baselineTailMs]);
  return simulated;
}

/** All candidates answer alike. Random numbers are those of a fixed seed, so that a slider back gives the result back. */
export function buildInput(experiment: Experiment, traffic: Traffic): SimulationInput {
  const { requestsPerSecond, candidateErrorRate, baselineErrorRate, candidateTailMs, baselineTailMs } = traffic;
  const candidate = { errorRate: candidateErrorRate, latency: bucketed(latencyByTail(candidateTailMs)) };
  return {
    experiment: { ...experiment, correlations: experiment.objectives.map(() => null) },
    baseline: { errorRate: baselineErrorRate, latency: bucketed(latencyByTail(baselineTailMs)) },
    candidates: experiment.candidates.map(() => candidate),
    requestsPerSecond,
    random: seededRandom(1),
  };
}

/** Why an experiment cannot be simulated here; undefined where it can. */
export function findObstacle({ candidates, reward, objectives, metrics }: Experiment): string | undefined {
  if (candidates.length === 0) return 'a conformance test has no candidate to simulate';
  const own = Object.keys(metrics);
  if (reward !== undefined && own.includes(reward.metric))
    return 'its reward is a metric of yours: use `serin simulate --reward`';
  const unknown = objectives.find(({ metric }) => own.includes(metric));
  return unknown === undefined
    ? undefined
    : `${unknown.metric} is a metric of yours, whose values nobody knows before the run`;
}
