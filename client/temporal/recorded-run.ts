import { readFile, stat } from 'node:fs/promises';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { Experiment } from '../../core/experiment/experiment.ts';
import type { Judgements } from '../../core/planner/judge-all.ts';
import type { RecordedInterval } from '../../core/offline/rejudge.ts';
import { candidateWeights } from '../../core/planner/experiment-state.ts';
import type { ExperimentState } from '../../core/planner/experiment-state.ts';
import { defined } from '../../core/text/defined.ts';
import { movesTraffic } from '../../core/experiment/versions.ts';
import type { ManifestReading, PreflightReport } from '../../contract/preparation.ts';
import type { GuardResult, Observation, QueryMetricsInput } from '../../contract/observation.ts';
import type { PatchTrafficInput } from '../../contract/traffic.ts';
import type { CommandContext } from '../context.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { decodeHistory } from '../../temporal/decode-history.ts';
import { CommandError } from '../errors.ts';
import type { Execution } from './experiments.ts';
import { findExecution } from './find-experiment.ts';
import type { Act } from '../../core/report/act.ts';
import { ActivityReader, decodePayload as decode } from '../../temporal/recorded-activities.ts';
import type { HistoryEvent as Event, Payload, RecordedActivity } from '../../temporal/recorded-activities.ts';
import { ActReader } from './recorded-acts.ts';

/** One interval of a run as Temporal recorded it. */
export interface IntervalRecord extends RecordedInterval {
  /** The judgement of the run itself; absent where the metrics could not be read. */
  readonly judgement?: Judgements;
}

/** The course of a run, from the events of its history. */
export interface RunRecord {
  readonly name: string;
  readonly experiment: Experiment;
  readonly intervals: readonly IntervalRecord[];
  readonly acts: readonly Act[];
}

/** The interval with this number, from 1; without one the latest. Fails with `notFound`. */
export function chooseInterval({ name, intervals }: RunRecord, iteration: number | undefined) {
  const number = iteration ?? intervals.length;
  const interval = intervals[number - 1];
  if (interval !== undefined) return { number, interval };
  const known = intervals.length === 0 ? 'none yet' : `1 to ${intervals.length}`;
  throw new CommandError('notFound', `${name} has no observed interval ${number}; it has ${known}`);
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** Reads the record of an experiment from Temporal, over all its runs that were continued as new. */
export async function readRunRecord(context: CommandContext, session: TemporalService, id: string): Promise<RunRecord> {
  return readExecutionRecord(session, await findExecution(context, session, id), id);
}

/** Reads the record of an experiment by the latest of its runs. */
export async function readExecutionRecord(
  session: TemporalService,
  execution: Pick<Execution, 'workflowId' | 'runId'>,
  name = execution.workflowId,
): Promise<RunRecord> {
  return readRecord(name, await readChain(session, execution));
}

/** Reads the record in a file that `temporal workflow show --output json` has written. */
export async function readExportedRecord(path: string): Promise<RunRecord> {
  return readRecord(path, [await readExported(path)]);
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readExported(path: string): Promise<History> {
  try {
    return historyFromJSON(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = '`temporal workflow show --output json` exports one';
    throw new CommandError('usage', `${path} is not a workflow history: ${reason}; ${remedy}`, { cause: error });
  }
}

/** All runs of the experiment that were continued as new, the first run first. */
async function readChain(
  { client }: TemporalService,
  { workflowId, runId }: Pick<Execution, 'workflowId' | 'runId'>,
): Promise<readonly History[]> {
  const chain: History[] = [];
  let next: string | undefined = runId;
  while (next !== undefined) {
    const history: History = await client.workflow.getHandle(workflowId, next).fetchHistory();
    chain.unshift(await decodeHistory(history, client.options.loadedDataConverter.payloadCodecs));
    next = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return chain;
}

/** The experiment as its latest run recorded it; undefined while it has not read its manifest. */
export async function findRecordedExperiment(
  { client }: TemporalService,
  { workflowId, runId }: Pick<Execution, 'workflowId' | 'runId'>,
): Promise<Experiment | undefined> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const decoded = await decodeHistory(history, client.options.loadedDataConverter.payloadCodecs);
  const reader = new RecordReader();
  for (const event of decoded.events ?? []) reader.read(event);
  return reader.experiment;
}

function readRecord(name: string, histories: readonly History[]): RunRecord {
  const reader = new RecordReader();
  const actReader = new ActReader();
  for (const event of histories.flatMap(({ events }) => events ?? [])) {
    reader.read(event);
    actReader.read(event);
  }
  const { experiment, intervals } = reader;
  if (experiment === undefined) throw new CommandError('failed', `${name} has not read its manifest: nothing to judge`);
  return { name, experiment, intervals, acts: actReader.acts };
}

/** Collects the record from events in order. */
class RecordReader {
  experiment: Experiment | undefined;
  readonly intervals: IntervalRecord[] = [];
  private weights: readonly number[] = [];
  /** Whether the guard has just found a version that fails. */
  private isCutShort = false;
  private readonly activities = new ActivityReader();

  read(event: Event): void {
    const { workflowExecutionStartedEventAttributes: started } = event;
    if (started) this.carryOver(started.input?.payloads?.[1]);
    const activity = this.activities.read(event);
    if (activity) this.readActivity(activity);
  }

  /** Takes over the state that continue-as-new has handed on. */
  private carryOver(payload: Payload | undefined): void {
    const carried = decode(payload) as ExperimentState | undefined;
    if (carried?.experiment === undefined) return;
    this.experiment = carried.experiment;
    this.weights = candidateWeights(carried);
  }

  private readActivity({ type, input, result }: RecordedActivity): void {
    switch (type) {
      case 'readManifest':
        this.experiment = (decode(result) as ManifestReading | undefined)?.experiment;
        break;
      case 'preflight': {
        const { correlations, weights = [] } = (decode(result) as PreflightReport | undefined) ?? {
          correlations: undefined,
        };
        this.weights = this.experiment && movesTraffic(this.experiment) ? weights : [];
        if (this.experiment && correlations) this.experiment = { ...this.experiment, correlations };
        break;
      }
      case 'patchTraffic': {
        const [, ...candidates] = (decode(input) as PatchTrafficInput | undefined)?.shares ?? [];
        this.weights = candidates.map(({ percent }) => percent);
        break;
      }
      case 'queryMetrics': {
        const observation = decode(result) as Observation | undefined;
        if (observation === undefined) break;
        const { atMs, measurement } = observation;
        const { promoted } = (decode(input) as QueryMetricsInput | undefined) ?? observation;
        const how = { ...(this.isCutShort && { isEarly: true }), ...defined({ promoted }) };
        this.intervals.push({ atMs, measurement, weights: this.weights, ...how });
        this.isCutShort = false;
        break;
      }
      case 'guardCandidates':
        this.isCutShort = (decode(result) as GuardResult | undefined)?.isFailing === true;
        break;
      case 'computeWeights':
        this.addJudgement(decode(result) as Judgements | undefined);
        break;
    }
  }

  /** A judgement belongs to the observation before it. */
  private addJudgement(judgement: Judgements | undefined): void {
    const last = this.intervals.at(-1);
    if (last === undefined || judgement === undefined) return;
    const { promoted } = last;
    this.intervals.splice(-1, 1, {
      ...last,
      judgement: promoted === undefined ? judgement : this.placeJudgement(judgement, promoted),
    });
  }

  /** A promoted version is judged alone, where it else has a place among all. */
  private placeJudgement([alone = null]: Judgements, promoted: number): Judgements {
    const watched = alone && { ...alone, reason: 'promoted, and watched' };
    return (this.experiment?.candidates ?? []).map((_, index) => (index === promoted ? watched : null));
  }
}
