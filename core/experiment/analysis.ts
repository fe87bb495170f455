/** How verdicts come about: point values against limits, or evidence with stated error bounds. */
export type Method = 'threshold' | 'sequential';

/** What happens after the last iteration while an objective is neither passed nor failed. */
export type UndecidedPolicy = 'extend' | 'rollback' | 'hold' | 'pointEstimate';

/** How an experiment judges, and how carefully it exposes users to the candidate. */
export interface Analysis {
  readonly method: Method;
  /** The chance that a version at least as bad as limit and tolerance passes, over any number of looks; in (0, 1). */
  readonly falsePass: number;
  /** The chance that a version within its limits is failed, over any number of looks; in (0, 1). */
  readonly falseFail: number;
  /** As `Experiment.tolerance`, for latencies. */
  readonly latencyTolerance: number;
  /** Intervals that begin earlier than this after the first step are measured, not judged. */
  readonly warmUpMs: number;
  readonly undecided: UndecidedPolicy;
  /** How long `extend` goes on after the last iteration. */
  readonly longestExtensionMs: number;
  /** What bursts are worth: `auto` learns it from the baseline's history, a number says how many requests count as one. */
  readonly dispersion: 'auto' | 'off' | number;
  /** What a suspect candidate's weight does. */
  readonly onSuspect: 'hold' | 'backoff';
  /** The candidate's weights, one an iteration, instead of equal increments; rising, percent. */
  readonly steps?: readonly number[];
  /** Bad requests beyond the error limit that the run may cost. */
  readonly riskBudget?: number;
}

/** What a method has where a manifest is silent; the longest extension depends on the planned duration. */
export type AnalysisDefaults = Omit<Analysis, 'longestExtensionMs'>;

/** iter8's rule, made safe. */
export const thresholdAnalysis: AnalysisDefaults = {
  method: 'threshold',
  falsePass: 0.05,
  falseFail: 0.05,
  latencyTolerance: 0.5,
  warmUpMs: 0,
  undecided: 'rollback',
  dispersion: 'off',
  onSuspect: 'hold',
};

/** The defaults of the method with error bounds. */
export const sequentialAnalysis: AnalysisDefaults = {
  ...thresholdAnalysis,
  method: 'sequential',
  latencyTolerance: 0.25,
  undecided: 'extend',
  dispersion: 'auto',
};
