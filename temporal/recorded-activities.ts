import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];
export type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

/** An activity that has ended well, as a history has it. */
export interface RecordedActivity {
  readonly type: string;
  /** Absent where it was part of a workflow task: then the history has only the result. */
  readonly input?: Payload;
  readonly result?: Payload;
}

/** Decodes a payload that serin's activities wrote; callers name its type by the contract. */
export function decodePayload(payload: Payload | undefined | null): unknown {
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}

/** Finds what activities have answered, whether by themselves or within a workflow task, in the events of a history in their order. */
export class ActivityReader {
  readonly #scheduled = new Map<string, Pick<RecordedActivity, 'type' | 'input'>>();

  /** The activity whose answer the event is. */
  read(event: HistoryEvent): RecordedActivity | undefined {
    const { activityTaskScheduledEventAttributes: scheduled, activityTaskCompletedEventAttributes: completed } = event;
    if (scheduled) {
      const type = scheduled.activityType?.name ?? '';
      this.#scheduled.set(String(event.eventId), { type, ...part('input', scheduled.input) });
    }
    if (!completed) return readMarker(event);
    const found = this.#scheduled.get(String(completed.scheduledEventId));
    return found && { ...found, ...part('result', completed.result) };
  }
}

/** The marker of a local activity, by Temporal's SDK. */
const localActivityMarker = 'core_local_activity';

function readMarker({ markerRecordedEventAttributes: marker }: HistoryEvent): RecordedActivity | undefined {
  if (marker?.markerName !== localActivityMarker || marker.failure) return undefined;
  const about = decodePayload(marker.details?.['data']?.payloads?.[0]) as { readonly activity_type?: string };
  return { type: about.activity_type ?? '', ...part('result', marker.details?.['result']) };
}

interface Payloads {
  readonly payloads?: readonly Payload[] | null;
}

function part<K extends string>(key: K, found: Payloads | null | undefined): { readonly [P in K]?: Payload } {
  const [payload] = found?.payloads ?? [];
  // One key of the two that a recorded activity has.
  return payload ? ({ [key]: payload } as { readonly [P in K]?: Payload }) : {};
}
