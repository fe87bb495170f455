/** iter8's stages. A run only moves forward, and may go to Completed from any of them. */
export const stages = ['Waiting', 'Initializing', 'Running', 'Finishing', 'Completed'] as const;
export type Stage = (typeof stages)[number];

/**
 * The stage of a run as the workflow distinguishes it: `Reading` the manifest is the beginning of `Waiting`,
 * `Starting` with the first traffic step that of `Running`; `Baking` after a promotion is a part of `Finishing`.
 */
export type RunStage = 'Reading' | 'Starting' | 'Baking' | Stage;

/** The stage as users know it. */
export function publicStage(stage: RunStage): Stage {
  switch (stage) {
    case 'Reading':
      return 'Waiting';
    case 'Starting':
      return 'Running';
    case 'Baking':
      return 'Finishing';
    case 'Waiting':
    case 'Initializing':
    case 'Running':
    case 'Finishing':
    case 'Completed':
      return stage;
  }
}

/** How a run ended; absent while it runs. `Concluded` is for experiments that choose no winner. */
export const outcomes = ['Promoted', 'RolledBack', 'Aborted', 'Failed', 'Concluded'] as const;
export type Outcome = (typeof outcomes)[number];
