import { formatObjectName } from '../../core/experiment/experiment.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { activeFlags } from '../../core/report/flags.ts';
import { formatWeights } from '../../core/report/iteration-text.ts';
import {
  candidateWeightAttribute,
  outcomeAttribute,
  stageAttribute,
  targetAttribute,
} from '../../contract/messages.ts';
import type { ExperimentView } from '../temporal/experiments.ts';
import { printable } from './text.ts';

/** The columns of `kubectl get experiment`. */
export const header = ['NAME', 'TYPE', 'TARGET', 'STAGE', 'COMPLETED ITERATIONS', 'MESSAGE'] as const;
export const wideHeader = [...header, 'OUTCOME', 'CANDIDATE WEIGHT', 'STATE', 'AGE', 'WORKFLOW ID'] as const;

const unknown = '-';

/** One experiment's row; without a report, what Temporal's visibility knows. */
export function row(view: ExperimentView): readonly string[] {
  const { execution, report } = view;
  if (report === undefined) return rowWithoutReport(view);
  return [
    report.name || execution.workflowId,
    report.testingPattern || unknown,
    report.name === '' ? unknown : formatObjectName(report.target),
    report.stage,
    String(report.completedIterations),
    printable(view.note ?? report.message),
  ];
}

function rowWithoutReport({ execution, note }: ExperimentView): readonly string[] {
  const { workflowId, typedSearchAttributes } = execution;
  return [
    workflowId.split('/').at(-1) ?? workflowId,
    unknown,
    typedSearchAttributes.get(targetAttribute) ?? unknown,
    typedSearchAttributes.get(stageAttribute) ?? unknown,
    unknown,
    printable(note ?? execution.status.name),
  ];
}

/** One experiment's row with the columns of `wideHeader`; its age is counted up to `nowMs`. */
export function wideRow(view: ExperimentView, nowMs: number): readonly string[] {
  const { execution, report } = view;
  const { typedSearchAttributes, startTime, workflowId } = execution;
  const planned = report === undefined ? '' : formatWeights(report.weights.candidates);
  const weight = typedSearchAttributes.get(candidateWeightAttribute);
  const flags = report === undefined ? [] : activeFlags(report).map(({ name }) => name);
  return [
    ...row(view),
    report?.outcome ?? typedSearchAttributes.get(outcomeAttribute) ?? unknown,
    planned || (weight === undefined ? unknown : `${weight} %`),
    flags.join(',') || unknown,
    formatDuration(Math.max(0, nowMs - startTime.getTime())),
    workflowId,
  ];
}
