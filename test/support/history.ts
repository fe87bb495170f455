import { isDeepStrictEqual } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { RunTaskInput } from '../../contract/tasks.ts';
import type { Observation } from '../../contract/observation.ts';
import type { PatchTrafficInput } from '../../contract/traffic.ts';

/** An activity that the workflow asked for, with its input as the Web UI shows it. */
export interface ScheduledActivity {
  readonly name: string;
  readonly input: unknown;
}

/** The workflow's activities in the order in which it asked for them. */
export async function scheduledActivities(handle: WorkflowHandle): Promise<readonly ScheduledActivity[]> {
  return scheduledIn(await fetchEvents(handle));
}

/** The names of the signals that the workflow got, in their order. */
export async function receivedSignals(handle: WorkflowHandle): Promise<readonly string[]> {
  const events = await fetchEvents(handle);
  return events.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? []);
}

/** The activities by which an interval is judged. */
export const judging: readonly string[] = ['queryMetrics', 'computeWeights'];

/** What the workflow did after its last look at the metrics, and the judgement of them, which brought the verdict. */
export async function activitiesAfterVerdict(handle: WorkflowHandle): Promise<readonly ScheduledActivity[]> {
  const activities = await scheduledActivities(handle);
  return activities.slice(activities.findLastIndex(({ name }) => judging.includes(name)) + 1);
}

/** What the workflow did after the first signal that it got. */
export async function activitiesAfterSignal(handle: WorkflowHandle): Promise<readonly ScheduledActivity[]> {
  const events = await fetchEvents(handle);
  return scheduledIn(events.slice(events.findIndex((event) => event.workflowExecutionSignaledEventAttributes) + 1));
}

/**
 * The candidate's percent in each traffic write, in the order in which they were planned. A step that is written again, since a slow
 * cluster had not confirmed it in time, is one write.
 */
export function plannedWeights(activities: readonly ScheduledActivity[]): readonly number[] {
  const planned = activities.filter(({ name }) => name === 'patchTraffic');
  // What the workflow hands to this activity, by its contract.
  const writes = planned.map(({ input }) => input as PatchTrafficInput);
  const steps = writes.filter(({ present, shares }) => !isDeepStrictEqual(present, shares));
  return steps.map(({ shares }) => shares[1]?.percent ?? 0);
}

/** The arguments of each helm command, in the order in which they were asked for. */
export function helmArguments(activities: readonly ScheduledActivity[]): readonly (readonly string[])[] {
  const commands = activities.filter(({ name }) => name === 'runHelm');
  // What the workflow hands to this activity, by its contract.
  return commands.map(({ input }) => (input as RunTaskInput).args);
}

/** What the workflow saw in each interval, as it was recorded. */
export async function readObservations(handle: WorkflowHandle): Promise<readonly Observation[]> {
  const events = await fetchEvents(handle);
  const attempts = new Set(
    events
      .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'queryMetrics')
      .map(({ eventId }) => String(eventId)),
  );
  return events.flatMap(({ activityTaskCompletedEventAttributes: completed }) => {
    const payload = completed?.result?.payloads?.[0];
    if (!completed || !payload || !attempts.has(String(completed.scheduledEventId))) return [];
    // The activity's result, by its contract.
    return [defaultPayloadConverter.fromPayload<Observation>(payload)];
  });
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

async function fetchEvents(handle: WorkflowHandle): Promise<Events> {
  return (await handle.fetchHistory()).events ?? [];
}

function scheduledIn(events: Events): readonly ScheduledActivity[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    const payload = scheduled?.input?.payloads?.[0];
    if (!scheduled || !payload) return [];
    return [{ name: scheduled.activityType?.name ?? '', input: defaultPayloadConverter.fromPayload(payload) }];
  });
}
