import type { WorkflowHandle } from '@temporalio/client';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

/** For each iteration: milliseconds from the moment its timer was due to the recorded verdict. */
export function decisionDelays(history: History): number[] {
  return iterationsOf(history).flatMap((events) => {
    const due = dueMs(events[0]);
    const decided = events.find(({ markerRecordedEventAttributes }) => markerRecordedEventAttributes);
    return due === undefined || decided === undefined ? [] : [timeMs(decided) - due];
  });
}

/** How many events each iteration took, from its timer to the next one's. */
export function eventsPerIteration(history: History): number[] {
  return iterationsOf(history).map((events) => events.length);
}

/** Cuts the history at the timers of the iterations; the last piece, which holds the ending, is left out. */
function iterationsOf({ events }: History): Event[][] {
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
