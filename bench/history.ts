import type { WorkflowHandle } from '@temporalio/client';
import type { PatchTrafficResult } from '../contract/traffic.ts';
import { ActivityReader, decodePayload } from '../temporal/recorded-activities.ts';
import type { HistoryEvent as Event } from '../temporal/recorded-activities.ts';

type EventHistory = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** A judged iteration, from its timer to the next one's; times are epoch ms. */
export interface Iteration {
  /** When it was due by the run's grid. */
  readonly dueMs: number;
  /** When its verdict was recorded. */
  readonly judgedMs: number;
  /** When the API server had accepted its shift; undefined where it held. */
  readonly shiftedMs: number | undefined;
  readonly events: number;
  /** As Temporal counts them, from its first workflow task to that of the next one. */
  readonly bytes: number;
  readonly workflowTasks: number;
}

/** A run as its history has it; times are epoch ms. */
export interface RunHistory {
  /** Its first interval began then. */
  readonly runningMs: number;
  /** Its last iteration was due then; that one, which has the ending too, is not among the iterations. */
  readonly endingMs: number;
  readonly iterations: readonly Iteration[];
}

/** Reads the history of an experiment that has ended. */
export function readRunHistory(history: EventHistory): RunHistory {
  const events = history.events ?? [];
  const starts = events.flatMap((event, index) => (event.timerStartedEventAttributes ? [index] : []));
  const pieces = starts.map((start, index) => events.slice(start, starts[index + 1]));
  const [first, last] = [pieces.at(0)?.at(0), pieces.at(-1)?.at(0)];
  if (first === undefined || last === undefined) throw new Error('expected an experiment with an iteration');
  const iterations = pieces.slice(0, -1).flatMap((piece, index) => {
    return readIteration(events, piece, pieces[index + 1] ?? []);
  });
  return { runningMs: timeMs(first), endingMs: dueMs(events, last), iterations };
}

/** Milliseconds from the event of the abort signal. */
export interface AbortTimes {
  /** Until the API server accepted 100 % baseline. */
  readonly acceptedMs: number;
  /** Until the cluster reported it. */
  readonly confirmedMs: number;
}

/** The times of the first traffic write after the signal. */
export function abortTimes({ events }: EventHistory): AbortTimes {
  const signalIndex = (events ?? []).findIndex(({ workflowExecutionSignaledEventAttributes }) => {
    return workflowExecutionSignaledEventAttributes;
  });
  const [signal, ...after] = (events ?? []).slice(signalIndex);
  const write = readWrite(after);
  if (signal === undefined || write === undefined) throw new Error('expected a signal and a traffic write after it');
  return { acceptedMs: write.acceptedAtMs - timeMs(signal), confirmedMs: write.confirmedAtMs - timeMs(signal) };
}

/** No iteration without a verdict, as while a run is blind. */
function readIteration(
  events: readonly Event[],
  piece: readonly Event[],
  next: readonly Event[],
): readonly Iteration[] {
  const [timer] = piece;
  const verdict = findAnswer(piece, 'computeWeights')?.event;
  if (timer === undefined || verdict === undefined) return [];
  return [
    {
      dueMs: dueMs(events, timer),
      judgedMs: timeMs(verdict),
      shiftedMs: readWrite(piece)?.acceptedAtMs,
      events: piece.length,
      bytes: sizeBefore(next) - sizeBefore(piece),
      workflowTasks: piece.filter(({ workflowTaskCompletedEventAttributes: completed }) => completed).length,
    },
  ];
}

/** The timer was set by the workflow's clock, which shows the start of its task. */
function dueMs(events: readonly Event[], timer: Event): number {
  const { startToFireTimeout, workflowTaskCompletedEventId } = timer.timerStartedEventAttributes ?? {};
  const completed = findEvent(events, workflowTaskCompletedEventId)?.workflowTaskCompletedEventAttributes;
  const started = findEvent(events, completed?.startedEventId) ?? timer;
  return timeMs(started) + Number(startToFireTimeout?.seconds ?? 0) * 1000 + (startToFireTimeout?.nanos ?? 0) / 1e6;
}

function findEvent(events: readonly Event[], id: unknown): Event | undefined {
  return events[Number(id) - 1];
}

/** The result of the first traffic write. */
function readWrite(events: readonly Event[]): PatchTrafficResult | undefined {
  const payload = findAnswer(events, 'patchTraffic')?.activity.result;
  // The activity's result, by its contract.
  return payload ? (decodePayload(payload) as PatchTrafficResult) : undefined;
}

/** The first answer of an activity of this type. */
function findAnswer(events: readonly Event[], type: string) {
  const reader = new ActivityReader();
  const answers = events.map((event) => ({ event, activity: reader.read(event) }));
  const found = answers.find(({ activity }) => activity?.type === type);
  return found?.activity && { event: found.event, activity: found.activity };
}

/** The size of the history before the first workflow task of the events. */
function sizeBefore(events: readonly Event[]): number {
  const task = events.find(({ workflowTaskStartedEventAttributes: started }) => started);
  return Number(task?.workflowTaskStartedEventAttributes?.historySizeBytes ?? Number.NaN);
}

function timeMs({ eventTime }: Event): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
}
