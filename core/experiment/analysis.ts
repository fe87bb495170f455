/**
 * How verdicts are reached: `threshold` compares point values with limits, `sequential` tests evidence with stated
 * error bounds.
 */
export type Method = 'threshold' | 'sequential';

/** Whether a failure that the baseline shares is the candidate's, as in iter8, or holds the run. */
export const commonOutagePolicies = ['blame', 'hold'] as const;

/** What happens after the last iteration while an objective is neither passed nor failed. */
export type UndecidedPolicy = 'extend' | 'rollback' | 'hold' | 'pointEstimate';

/** How an experiment judges, and how carefully it exposes users to the candidate. */
export interface Analysis {
  readonly method: Method;
  /** The chance that a version at least as bad as limit and tolerance passes, over any number of observations; in (0, 1). */
  readonly falsePass: number;
  /** The chance that a version within its limits is failed, over any number of observations; in (0, 1). */
  readonly falseFail: number;
  /** The tolerance for latencies; see `Experiment.tolerance`. */
  readonly latencyTolerance: number;
  /** Intervals that begin earlier than this after the first step are measured, not judged. */
  readonly warmUpMs: number;
  readonly undecided: UndecidedPolicy;
  /** How long `extend` goes on after the last iteration. */
  readonly longestExtensionMs: number;
  /**
   * How bursts are discounted: `auto` estimates it from the baseline's history, `off` does not, a number says how
   * many requests count as one.
   */
  readonly dispersion: 'auto' | 'off' | number;
  /** What happens to the weight of a suspect candidate: it is held, or drops to its floor. */
  readonly onSuspect: 'hold' | 'backoff';
  /** `sequential` compares both versions, and always holds. Absent in runs that began before it was: their method's default. */
  readonly commonOutage?: (typeof commonOutagePolicies)[number];
  /** The candidate's weights, one an iteration, instead of equal increments; rising, percent. */
  readonly steps?: readonly number[];
  /** Bad requests beyond the error limit that the run may cost. */
  readonly riskBudget?: number;
  /** How often the candidates are judged between two iterations, which may only take traffic from them; absent: not at all. */
  readonly guardMs?: number;
}

/**
 * The settings of a method that a manifest may leave out; the default of the longest extension depends on the planned
 * duration.
 */
export type AnalysisDefaults = Omit<Analysis, 'longestExtensionMs'>;

/** The defaults of the `threshold` method: iter8's rule, but undecided runs roll back. */
export const thresholdAnalysis: AnalysisDefaults = {
  method: 'threshold',
  falsePass: 0.05,
  falseFail: 0.05,
  latencyTolerance: 0.5,
  warmUpMs: 0,
  undecided: 'rollback',
  dispersion: 'off',
  onSuspect: 'hold',
  commonOutage: 'blame',
};

/** The defaults of the `sequential` method. */
export const sequentialAnalysis: AnalysisDefaults = {
  ...thresholdAnalysis,
  method: 'sequential',
  latencyTolerance: 0.25,
  undecided: 'extend',
  dispersion: 'auto',
  commonOutage: 'hold',
};
