import type { Report } from '../../core/report/report.ts';
import type { ExperimentView } from '../temporal/experiments.ts';
import { defined } from '../../core/text/defined.ts';

/** An experiment in the form of a Kubernetes object, as `serin get -o yaml` prints it. */
export interface ExperimentDocument {
  readonly apiVersion: typeof documentApiVersion;
  readonly kind: 'Experiment';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status: Report;
}

export const documentApiVersion = 'serin.dev/v1alpha1';

/** The document of a report. */
export function experimentDocument(report: Report): ExperimentDocument {
  const { name, namespace } = report;
  return { apiVersion: documentApiVersion, kind: 'Experiment', metadata: { name, namespace }, status: report };
}

/** An experiment for programs (`-o json`): its workflow, and its report or the reason why there is none. */
export function describedView({ execution, report, note }: ExperimentView): unknown {
  const { workflowId, runId, taskQueue, status, startTime, closeTime } = execution;
  return {
    workflowId,
    runId,
    taskQueue,
    workflowStatus: status.name,
    startedAtMs: startTime.getTime(),
    ...defined({ closedAtMs: closeTime?.getTime(), report, note }),
  };
}
