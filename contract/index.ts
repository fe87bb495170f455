/**
 * For those who steer serin from TypeScript, as `serin/contract`: the experiment's workflow, its messages and their types.
 *
 *     const run = client.workflow.getHandle<ExperimentWorkflow>('experiment/default/canary-progressive');
 *     await run.signal(abortSignal, { by: 'alice', reason: 'the checkout is broken' });
 *     const { stage, outcome } = await run.query(statusQuery);
 */
export {
  abortSignal,
  abortUpdate,
  approveSignal,
  approveUpdate,
  candidateWeightAttribute,
  describeQuery,
  outcomeAttribute,
  pauseSignal,
  pauseUpdate,
  rejectSignal,
  rejectUpdate,
  resumeSignal,
  resumeUpdate,
  searchAttributes,
  stageAttribute,
  statusQuery,
  targetAttribute,
} from './messages.ts';
export type { RequestAccepted, RequestInput } from './messages.ts';
export { defaultTaskQueue, workflowType } from './names.ts';
export type { ExperimentWorkflow, ManifestInput } from './workflow.ts';
export type { Report } from '../core/report/report.ts';
export type { Outcome, Stage } from '../core/experiment/stage.ts';
