/**
 * The workflow type; like the task queue, a name that users type: `temporal workflow start --type experiment
 * --task-queue serin`.
 */
export const workflowType = 'experiment';
/** The task queue of workers that set no other one. */
export const defaultTaskQueue = 'serin';
