import { formatObjectName } from '../core/experiment/experiment.ts';
import { findAttention } from '../core/report/attention.ts';
import { buildHeadline, stoppedHeadline } from '../core/report/headline.ts';
import type { Report } from '../core/report/report.ts';
import { defined } from '../core/text/defined.ts';
import { candidateWeightAttribute, outcomeAttribute, stageAttribute, targetAttribute } from '../contract/messages.ts';
import { isClosed } from '../temporal/read-run.ts';
import type { Execution, ExperimentView } from '../client/temporal/experiments.ts';
import type { ExperimentPage, ListedExperiment } from './api.ts';

/** The experiment as the page shows it. */
export function describePage(view: ExperimentView, nowMs: number): ExperimentPage {
  const { execution, report, note } = view;
  const { taskQueue } = execution;
  const { typedSearchAttributes: attributes } = execution;
  const known = defined({ firstRunId: readFirstRunId(execution), target: attributes.get(targetAttribute) });
  const facts = { ...runFacts(execution, report), ...known };
  return { nowMs, ...facts, taskQueue, ...defined({ report, note, ...judgeView(view) }) };
}

/** The experiment as a row of the list. */
export function describeListed(view: ExperimentView): ListedExperiment {
  const { execution, report } = view;
  const known = report === undefined ? undefined : describeReport(report);
  return { ...listUnread(execution), ...known, ...runFacts(execution, report), ...defined(judgeView(view)) };
}

/** A row of which Temporal's search attributes tell what there is to tell. */
export function listUnread(execution: Execution): ListedExperiment {
  const { typedSearchAttributes: attributes } = execution;
  const weight = attributes.get(candidateWeightAttribute);
  return {
    ...runFacts(execution),
    weights: weight === undefined ? [] : [weight],
    ...defined({
      target: attributes.get(targetAttribute),
      stage: attributes.get(stageAttribute),
      outcome: attributes.get(outcomeAttribute),
    }),
  };
}

/** A run that was continued as new began when its first run did, which the report dates as far as it can. */
function runFacts(execution: Execution, report?: Report) {
  const { workflowId, runId, startTime, closeTime } = execution;
  const startedAtMs = Math.min(startTime.getTime(), report?.startedAtMs ?? Infinity);
  return {
    workflowId,
    runId,
    isClosed: isClosed(execution),
    startedAtMs,
    ...defined({ closedAtMs: closeTime?.getTime() }),
  };
}

/** What a report says of its experiment in the list. */
export function describeReport(report: Report): Partial<ListedExperiment> {
  const { name, namespace, target, stage, outcome, weights, startedAtMs, history } = report;
  const isRead = name !== '';
  return {
    stage,
    weights: startedAtMs === undefined ? [] : weights.candidates,
    ...defined({ outcome, observedAtMs: history?.at(-1)?.atMs }),
    ...(isRead
      ? {
          target: formatObjectName(target),
          name: formatObjectName({ namespace, name }),
        }
      : {}),
  };
}

/** Headline and attention; those of a run that was stopped come from what Temporal says of it. */
function judgeView({ execution, report, silence, note = '' }: ExperimentView) {
  const isEnded = isClosed(execution);
  const isStopped = isEnded && report?.outcome === undefined && execution.status.name !== 'COMPLETED';
  const attention = findAttention({ isClosed: isEnded, isStopped, ...defined({ report, silence }) });
  if (isStopped) return { attention, headline: stoppedHeadline(report, note) };
  return { attention, headline: report === undefined ? undefined : buildHeadline(report) };
}

/** Only a description of Temporal has it, not an entry of its list. */
function readFirstRunId(execution: Execution): string | undefined {
  const { raw } = execution as { readonly raw?: { readonly workflowExecutionInfo?: { readonly firstRunId?: string } } };
  return raw?.workflowExecutionInfo?.firstRunId;
}
