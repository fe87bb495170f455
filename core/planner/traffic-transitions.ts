import type { ExperimentState, TrafficState } from './experiment-state.ts';

/** The next write of traffic is planned: until the cluster has reported it, it is not confirmed. */
export function planWrite(state: ExperimentState, reason: string): ExperimentState {
  return withTraffic(state, { sequence: state.traffic.sequence + 1, confirmed: false, reason });
}

/** The cluster has reported a write; nothing changes if a later one was planned meanwhile, as by an abort. */
export function confirmWrite(
  state: ExperimentState,
  { sequence, weights }: { readonly sequence: number; readonly weights: readonly number[] },
): ExperimentState {
  if (state.traffic.sequence !== sequence) return state;
  return withTraffic(withWeights(state, weights), { confirmed: true });
}

/** The cluster has not reported these weights; the next observation finds out why. */
export function leaveUnconfirmed(state: ExperimentState, weights: readonly number[]): ExperimentState {
  return withTraffic(withWeights(state, weights), { confirmed: false });
}

/** A later write of this run was found in the cluster. */
export function adoptSequence(state: ExperimentState, sequence: number): ExperimentState {
  return withTraffic(state, { sequence });
}

/** The write of 100 % baseline was accepted, this long after it was decided. */
export function withTimeToSafe(state: ExperimentState, timeToSafeMs: number): ExperimentState {
  return withTraffic(state, { timeToSafeMs });
}

/** The state with other percents for the candidates. */
export function withWeights(state: ExperimentState, weights: readonly number[]): ExperimentState {
  const candidates = state.candidateStates.map((candidate, index) => ({
    ...candidate,
    weight: weights[index] ?? candidate.weight,
  }));
  return { ...state, candidateStates: candidates };
}

function withTraffic(state: ExperimentState, changes: Partial<TrafficState>): ExperimentState {
  return { ...state, traffic: { ...state.traffic, ...changes } };
}
