/** iter8's stages: only forward, and any may go to Completed. */
export type Stage = 'Waiting' | 'Initializing' | 'Running' | 'Finishing' | 'Completed';

/** How a run ended; absent while it runs. `Concluded` is for experiments that choose no winner. */
export type Outcome = 'Promoted' | 'RolledBack' | 'Aborted' | 'Failed' | 'Concluded';
