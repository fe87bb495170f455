/** iter8's stages: only forward, and any may go to Completed. */
export const stages = ['Waiting', 'Initializing', 'Running', 'Finishing', 'Completed'] as const;

export type Stage = (typeof stages)[number];

/** How a run ended; absent while it runs. `Concluded` is for experiments that choose no winner. */
export const outcomes = ['Promoted', 'RolledBack', 'Aborted', 'Failed', 'Concluded'] as const;

export type Outcome = (typeof outcomes)[number];
