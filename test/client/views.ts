import { TypedSearchAttributes } from '@temporalio/common';
import type { Execution, ExperimentView } from '../../client/temporal/experiments.ts';
import type { Report } from '../../core/report/report.ts';
import { startedAtMs } from '../support/reports.ts';

export const emptyExecution: Execution = {
  type: 'experiment',
  workflowId: 'experiment/default/canary',
  runId: 'run',
  taskQueue: 'serin',
  status: { name: 'RUNNING', code: 1 },
  startTime: new Date(startedAtMs),
  typedSearchAttributes: new TypedSearchAttributes(),
};

export function aView(report: Report): ExperimentView {
  return { execution: { ...emptyExecution, workflowId: report.workflowId }, report };
}
