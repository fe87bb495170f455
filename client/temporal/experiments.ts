import type { WorkflowExecutionInfo } from '@temporalio/client';
import { defined } from '../../core/text/defined.ts';
import { workflowType } from '../../contract/names.ts';
import type { Report } from '../../core/report/report.ts';
import { describeWorkflow, explainStop, readReport, readRun, waysOut } from '../../temporal/read-run.ts';
import type { ReadLimits, Run, RunReading, Silence } from '../../temporal/read-run.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';

/** A worker that runs answers a query within milliseconds; a busy one still within this. */
const patientLimits = { callLimitMs: 5_000, queryLimitMs: 5_000 };

/** What Temporal knows of an experiment's workflow without a query. */
export type Execution = Run & Pick<WorkflowExecutionInfo, 'type' | 'startTime' | 'closeTime' | 'typedSearchAttributes'>;

/** An experiment's workflow with its report, or a note why there is none. */
export interface ExperimentView {
  readonly execution: Execution;
  readonly report?: Report;
  /** Why there is no report, or why the report does not say how the experiment ended. */
  readonly note?: string;
  /** Why the run does not answer. */
  readonly silence?: Silence;
}

/** The latest run of the workflow with this id; undefined when there is none. Fails with `notFound` for other workflows. */
export async function describeExecution(
  { client }: TemporalService,
  workflowId: string,
): Promise<Execution | undefined> {
  const execution = await describeWorkflow(client, workflowId);
  if (execution === undefined || execution.type === workflowType) return execution;
  throw new CommandError('notFound', `${workflowId} is a workflow of type ${execution.type}, not an experiment`);
}

/** How much is read of a run: `brief` leaves out what is tried again, which takes a call of its own. */
export type ViewDetail = 'full' | 'brief';

const readers = { full: readRun, brief: readReport } as const;

/** How a run is read. */
export interface ViewOptions {
  /** Default: `full`. */
  readonly detail?: ViewDetail;
  /** Default: 5 s for each call. */
  readonly readLimits?: ReadLimits;
}

/** Reads a run's report, which needs a worker unless the run has ended. */
export async function viewExecution(
  { client }: TemporalService,
  execution: Execution,
  { detail = 'full', readLimits = patientLimits }: ViewOptions = {},
): Promise<ExperimentView> {
  const reading = await readers[detail](client, execution, readLimits);
  switch (reading.kind) {
    case 'reported':
      return { execution, report: reading.report };
    case 'silent':
      return { execution, note: silenceNote(reading, execution), silence: reading.why };
    case 'stopped': {
      const { report } = reading;
      // Before its manifest is read, a run does not know its target.
      const target = report === undefined || report.name === '' ? undefined : report.target;
      return { execution, note: explainStop(reading, target), ...defined({ report }) };
    }
  }
}

type Silent = Extract<RunReading, { kind: 'silent' }>;

function silenceNote({ why, reason }: Silent, { workflowId }: Execution): string {
  return why === 'taskFails' ? `${reason}; ${waysOut(workflowId)}` : reason;
}
