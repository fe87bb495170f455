import type { CandidateState } from './candidate-state.ts';
import type { HumanRequest } from './requests.ts';

/** The time after a promotion in which the promoted version is watched, and can be rolled back at once. */
export interface BakeState {
  /** The index of the promoted candidate. */
  readonly winner: number;
  /** Why it was promoted. */
  readonly reason: string;
  readonly startedAtMs: number;
  readonly untilMs: number;
  /** How many observations are left. */
  readonly left: number;
  /** How many observations have shown something. */
  readonly seen: number;
  /** What is known of it since its promotion. */
  readonly promoted: CandidateState;
  readonly rejected?: HumanRequest;
}
