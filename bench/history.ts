import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { PatchTrafficResult } from '../contract/traffic.ts';

export type EventHistory = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<EventHistory['events']>[number];

/** For each iteration: milliseconds from the time at which its timer was due to the recorded verdict. */
export function decisionDelays(history: EventHistory): number[] {
  return splitIterations(history).flatMap((events) => {
    const due = dueMs(events[0]);
    const decided = findCompleted(events, 'computeWeights');
    return due === undefined || decided === undefined ? [] : [timeMs(decided) - due];
  });
}

function findCompleted(events: readonly Event[], activity: string): Event | undefined {
  const asked = events.find(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === activity,
  );
  return events.find(
    ({ activityTaskCompletedEventAttributes: completed }) =>
      completed && String(completed.scheduledEventId) === String(asked?.eventId),
  );
}

/** How many events each iteration took, from its timer to the next one's. */
export function eventsPerIteration(history: EventHistory): number[] {
  return splitIterations(history).map((events) => events.length);
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
  const written = findCompleted(after, 'patchTraffic');
  const payload = written?.activityTaskCompletedEventAttributes?.result?.payloads?.at(0);
  if (signal === undefined || !payload) throw new Error('expected a signal and a traffic write after it');
  // The activity's result, by its contract.
  const { acceptedAtMs, confirmedAtMs } = defaultPayloadConverter.fromPayload<PatchTrafficResult>(payload);
  return { acceptedMs: acceptedAtMs - timeMs(signal), confirmedMs: confirmedAtMs - timeMs(signal) };
}

/** Cuts the history at the timers of the iterations; the last piece, which holds the ending, is left out. */
function splitIterations({ events }: EventHistory): Event[][] {
  const pieces: Event[][] = [];
  for (const event of events ?? []) {
    if (event.timerStartedEventAttributes) pieces.push([]);
    pieces.at(-1)?.push(event);
  }
  return pieces.slice(0, -1);
}

function dueMs(started: Event | undefined): number | undefined {
  const timeout = started?.timerStartedEventAttributes?.startToFireTimeout;
  if (started === undefined || !timeout) return undefined;
  return timeMs(started) + Number(timeout.seconds ?? 0) * 1000 + (timeout.nanos ?? 0) / 1e6;
}

function timeMs({ eventTime }: Event): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
}
