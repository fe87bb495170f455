import { isDeepStrictEqual } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { RunTaskInput } from '../../contract/tasks.ts';
import type { Observation } from '../../contract/observation.ts';
import type { PatchTrafficInput } from '../../contract/traffic.ts';
import { ActivityReader, decodePayload } from '../../temporal/recorded-activities.ts';

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
  const events = await fetchEvents(handle);
  const reader = new ActivityReader();
  const types = events.map((event) => reader.read(event)?.type ?? '');
  return scheduledIn(events.slice(types.findLastIndex((type) => judging.includes(type)) + 1));
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
  const reader = new ActivityReader();
  const activities = (await fetchEvents(handle)).flatMap((event) => reader.read(event) ?? []);
  // The activity's result, by its contract.
  return activities.flatMap(({ type, result }) =>
    type === 'queryMetrics' && result ? [decodePayload(result) as Observation] : [],
  );
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
