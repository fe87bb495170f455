import { findCondition } from './conditions.ts';
import type { ExperimentStatus } from './experiment-status.ts';
import type { Outcome } from '../../core/experiment/stage.ts';

/** Something that happened to an Experiment, as `kubectl describe` lists it. */
export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The events between two statuses, in order; none when nothing has changed. */
export function eventsBetween(before: ExperimentStatus | undefined, after: ExperimentStatus): readonly StatusEvent[] {
  return [
    ...started(before, after),
    ...stageAdvanced(before, after),
    ...iterated(before, after),
    ...flagged(before, after),
    ...troubled(before, after),
    ...ended(before, after),
  ];
}

function started(before: ExperimentStatus | undefined, { serin }: ExperimentStatus): readonly StatusEvent[] {
  if (serin.workflowId === undefined || before?.serin.workflowId !== undefined) return [];
  return [normal('Started', `Workflow ${serin.workflowId} started`)];
}

function stageAdvanced(before: ExperimentStatus | undefined, { stage }: ExperimentStatus): readonly StatusEvent[] {
  if (before === undefined || before.stage === stage) return [];
  return [normal('StageAdvanced', `Advanced to ${stage}`)];
}

function iterated(before: ExperimentStatus | undefined, after: ExperimentStatus): readonly StatusEvent[] {
  if (after.completedIterations <= (before?.completedIterations ?? 0)) return [];
  const weights = (after.currentWeightDistribution ?? []).map(({ name, value }) => `${name} ${value} %`);
  return [normal('IterationUpdate', [`Completed Iteration ${after.completedIterations}`, ...weights].join(', '))];
}

/** The reasons of condition Progressing that deserve an event of their own. */
const flagTypes: ReadonlyMap<string, StatusEvent['type']> = new Map([
  ['Queued', 'Normal'],
  ['WaitingForTarget', 'Normal'],
  ['Paused', 'Normal'],
  ['ClosedByCalendar', 'Normal'],
  ['Baking', 'Normal'],
  ['AwaitingApproval', 'Normal'],
  ['Retrying', 'Warning'],
  ['Blind', 'Warning'],
  ['Suspect', 'Warning'],
]);

function flagged(before: ExperimentStatus | undefined, after: ExperimentStatus): readonly StatusEvent[] {
  const was = findCondition(before?.conditions ?? [], 'Progressing');
  const is = findCondition(after.conditions, 'Progressing');
  const type = flagTypes.get(is?.reason ?? '');
  if (is === undefined || type === undefined || was?.reason === is.reason) return [];
  return [{ type, reason: is.reason, message: is.message }];
}

/** The reasons of condition Ready that report a trouble; each deserves an event. */
const troubles: readonly string[] = [
  'TemporalUnreachable',
  'NoWorker',
  'WorkflowTaskFails',
  'WorkflowNotFound',
  'SpecChanged',
];

function troubled(before: ExperimentStatus | undefined, after: ExperimentStatus): readonly StatusEvent[] {
  const was = findCondition(before?.conditions ?? [], 'Ready');
  const is = findCondition(after.conditions, 'Ready');
  if (is === undefined || !troubles.includes(is.reason) || was?.reason === is.reason) return [];
  return [{ type: 'Warning', reason: is.reason, message: is.message }];
}

const outcomeTypes: Readonly<Record<Outcome, StatusEvent['type']>> = {
  Promoted: 'Normal',
  Concluded: 'Normal',
  RolledBack: 'Warning',
  Aborted: 'Warning',
  Failed: 'Warning',
};

function ended(before: ExperimentStatus | undefined, { serin, conditions }: ExperimentStatus): readonly StatusEvent[] {
  const { outcome, reason = '' } = serin;
  if (outcome === undefined || before?.serin.outcome !== undefined) return [];
  const isInvalid =
    findCondition(conditions, 'Failed')?.reason === 'InvalidExperiment' && serin.workflowId === undefined;
  return [{ type: outcomeTypes[outcome], reason: isInvalid ? 'Invalid' : outcome, message: reason }];
}

function normal(reason: string, message: string): StatusEvent {
  return { type: 'Normal', reason, message };
}
