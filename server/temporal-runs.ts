import { abortSignal } from '../contract/messages.ts';
import type { RequestInput } from '../contract/messages.ts';
import { defined } from '../core/text/defined.ts';
import type { RecordedRun } from '../core/offline/backtest.ts';
import { buildCourse } from '../core/report/course.ts';
import { describeWorkflow, isClosed } from '../temporal/read-run.ts';
import type { TemporalService } from '../temporal/settings.ts';
import { CommandError } from '../client/errors.ts';
import { explainClientError } from '../client/temporal/failures.ts';
import { describeExecution } from '../client/temporal/experiments.ts';
import type { ExperimentView } from '../client/temporal/experiments.ts';
import { pollExperiment } from '../client/temporal/poll-experiment.ts';
import { chooseInterval, findRecordedExperiment, readExecutionRecord } from '../client/temporal/recorded-run.ts';
import type { RunRecord } from '../client/temporal/recorded-run.ts';
import { assertRunning, buildRequest, sendRequest } from '../client/temporal/requests.ts';
import { explanation } from '../client/render/explanation.ts';
import type { Ask, AskAnswer, ExperimentPage, ExperimentRecord, ServerFacts } from './api.ts';
import { describePage } from './describe-view.ts';
import { ListPoller } from './list-poller.ts';
import { remember } from './remember.ts';
import type { Runs, SharedRuns } from './runs.ts';

/** How long a person waits for the answer of a worker. */
const answerLimitMs = 10_000;

/** The experiments of a Temporal namespace, steered by one user, who says who that is. */
export function temporalRuns(session: TemporalService, facts: ServerFacts): Runs {
  const { user } = facts;
  const runs = sharedRuns(session);
  return {
    ...runs,
    facts,
    ask: async (ask) => {
      if (user === undefined) throw new CommandError('refused', 'this page only shows experiments');
      return runs.ask(ask, buildRequest({ by: user, ...defined({ reason: ask.reason }) }));
    },
  };
}

/** The experiments of a Temporal namespace. */
export function sharedRuns(session: TemporalService): SharedRuns {
  const poller = new ListPoller(session);
  const namespaces = remember<string | undefined>(namespaceMs);
  return {
    watchList: (signal) => poller.watch(signal),
    watch: (workflowId, signal) => watchPage(session, workflowId, signal),
    findNamespace: (page) => namespaces(page.runId, () => findNamespace(session, page)),
    readRecord: (workflowId) => explained(session, async () => recordOfPage(await readRecord(session, workflowId))),
    readRecorded: (workflowId) => explained(session, async () => recordedRun(await readRecord(session, workflowId))),
    explain: (workflowId, number) => explained(session, () => explainInterval(session, workflowId, number)),
    ask: (ask, request) => explained(session, () => sendAsk(session, ask, request)),
  };
}

async function* watchPage(
  session: TemporalService,
  workflowId: string,
  signal: AbortSignal,
): AsyncGenerator<ExperimentPage> {
  try {
    // After its outcome a run still gives notice of it.
    const isLast = ({ execution }: ExperimentView): boolean => isClosed(execution);
    for await (const view of pollExperiment(session, workflowId, signal, isLast)) yield describePage(view, Date.now());
  } catch (error) {
    throw explainClientError(error, session);
  }
}

/** Any failure as a `CommandError`. */
async function explained<T>(session: TemporalService, act: () => Promise<T>): Promise<T> {
  return act().catch((error: unknown) => {
    throw explainClientError(error, session);
  });
}

/** How long the answer counts, ms: it takes a whole history, and a run that has read no manifest yet may read it any time. */
const namespaceMs = 60_000;

async function findNamespace(
  session: TemporalService,
  execution: Pick<ExperimentPage, 'workflowId' | 'runId'>,
): Promise<string | undefined> {
  return explained(session, async () => (await findRecordedExperiment(session, execution))?.namespace);
}

async function readRecord(session: TemporalService, workflowId: string): Promise<RunRecord> {
  const execution = await describeExecution(session, workflowId);
  if (execution === undefined) throw new CommandError('notFound', `there is no experiment ${workflowId}`);
  return readExecutionRecord(session, execution);
}

/** The record as the page shows it. */
export function recordOfPage({ experiment, intervals, acts }: RunRecord): ExperimentRecord {
  return { course: buildCourse(experiment, intervals), acts };
}

/** What the judgement of a run depends on, without the judgement. */
function recordedRun({ experiment, intervals }: RunRecord): RecordedRun {
  return {
    experiment,
    intervals: intervals.map(({ judgement: _, ...interval }) => interval),
  };
}

async function explainInterval(
  session: TemporalService,
  workflowId: string,
  number: number,
): Promise<readonly string[]> {
  const record = await readRecord(session, workflowId);
  const { interval } = chooseInterval(record, number);
  return explanation(record.experiment, interval, { number, count: record.intervals.length });
}

/** The facts of each interval, as `serin explain` prints them. */
export function explainRecord({ experiment, intervals }: RunRecord): readonly (readonly string[])[] {
  return intervals.map((interval, index) =>
    explanation(experiment, interval, { number: index + 1, count: intervals.length }),
  );
}

async function sendAsk(
  session: TemporalService,
  { workflowId, firstRunId, request: kind, gateMs }: Ask,
  request: RequestInput,
): Promise<AskAnswer> {
  const execution = await describeWorkflow(session.client, workflowId);
  if (execution === undefined) throw new CommandError('notFound', `there is no experiment ${workflowId}`);
  if (execution.raw.workflowExecutionInfo?.firstRunId !== firstRunId) {
    throw new CommandError('refused', `${workflowId} has been started anew; look at it, and ask again`);
  }
  assertRunning(execution, kind);
  if (kind === 'abort') {
    await session.client.workflow.getHandle(workflowId, execution.runId).signal(abortSignal, request);
    return { message: 'abort recorded' };
  }
  const meant = { ...request, ...defined({ gateMs }) };
  const { message } = await sendRequest(session, { execution, kind, request: meant, timeoutMs: answerLimitMs });
  return { message };
}
