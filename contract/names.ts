/** Names that users type: `temporal workflow start --type experiment --task-queue serin`. */
export const workflowType = 'experiment';
export const defaultTaskQueue = 'serin';
