import { formatObjectName } from '../core/experiment/experiment.ts';
import { findAttention } from '../core/report/attention.ts';
import { buildHeadline } from '../core/report/headline.ts';
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
  const headline = report === undefined ? undefined : buildHeadline(report);
  return { nowMs, ...runFacts(execution), taskQueue, ...defined({ report, note, headline, ...attentionTo(view) }) };
}

/** The experiment as a row of the list. */
export function describeListed(view: ExperimentView): ListedExperiment {
  const { execution, report } = view;
  const known = report === undefined ? undefined : describeReport(report);
  return { ...listUnread(execution), ...known, ...defined(attentionTo(view)) };
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

function runFacts(execution: Execution) {
  const { workflowId, runId, startTime, closeTime } = execution;
  const startedAtMs = startTime.getTime();
  return {
    workflowId,
    runId,
    isClosed: isClosed(execution),
    startedAtMs,
    ...defined({ closedAtMs: closeTime?.getTime() }),
  };
}

function describeReport(report: Report): Partial<ListedExperiment> {
  const { name, namespace, target, stage, outcome, weights, startedAtMs, completedIterations, iterations } = report;
  const isRead = name !== '';
  return {
    stage,
    weights: startedAtMs === undefined ? [] : weights.candidates,
    headline: buildHeadline(report),
    ...defined({ outcome }),
    ...(isRead
      ? {
          target: formatObjectName(target),
          name: formatObjectName({ namespace, name }),
          progress: { completed: completedIterations, planned: iterations },
        }
      : {}),
  };
}

function attentionTo({ execution, report, silence }: ExperimentView) {
  return { attention: findAttention({ isClosed: isClosed(execution), ...defined({ report, silence }) }) };
}
