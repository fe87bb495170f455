import { waysOut } from '../temporal/read-run.ts';
import type { RunReading, Silence } from '../temporal/read-run.ts';

type Silent = Pick<Extract<RunReading, { kind: 'silent' }>, 'why' | 'reason'>;

/** The reason of the condition of an Experiment whose run does not answer. */
export function silenceReason(why: Silence): 'NoWorker' | 'WorkflowTaskFails' {
  return why === 'taskFails' ? 'WorkflowTaskFails' : 'NoWorker';
}

/** What the condition of an Experiment says whose run does not answer, with the ways out where there are any. */
export function silenceMark({ why, reason }: Silent, workflowId: string) {
  const message = why === 'taskFails' ? `${reason}; ${waysOut(workflowId)}` : reason;
  return { reason: silenceReason(why), message };
}
