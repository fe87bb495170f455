/** iter8's reasons for what happens to an experiment. */
export type EventReason =
  | 'ExperimentInitialized'
  | 'TargetAcquired'
  | 'StageAdvanced'
  | 'IterationUpdate'
  | 'TerminalHandlerLaunched'
  | 'ExperimentAborted'
  | 'ExperimentCompleted';

/** Something that has happened to an experiment. */
export interface ExperimentEvent {
  readonly reason: EventReason;
  readonly message: string;
}

/** The event in iter8's form, `IterationUpdate: Completed Iteration 3`. */
export function formatEvent({ reason, message }: ExperimentEvent): string {
  return `${reason}: ${message}`;
}
