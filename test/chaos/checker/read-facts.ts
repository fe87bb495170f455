import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RunEnd, RunFacts, TrafficEntry, TrafficWrite } from './facts.ts';

/** An event of `audit.k8s.io/v1`, as far as it is read. */
interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly stageTimestamp: string;
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: { readonly spec?: { readonly traffic?: readonly TrafficEntry[] } };
}

/** Serin's own writes of the traffic of a Knative Service that the API server has accepted, oldest first. */
export async function readWrites(auditLog: string, namespace: string, name: string): Promise<readonly TrafficWrite[]> {
  const writes: TrafficWrite[] = [];
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    if (!line.includes('"verb":"patch"') || !line.includes(`"name":"${name}"`)) continue;
    // The API server writes its own format.
    const event = JSON.parse(line) as AuditEvent;
    const { objectRef, requestURI, responseStatus, requestObject, stageTimestamp } = event;
    if (objectRef?.resource !== 'services' || objectRef.namespace !== namespace || objectRef.name !== name) continue;
    const isOwn = requestURI.includes('fieldManager=serin') && !requestURI.includes('dryRun');
    const traffic = requestObject?.spec?.traffic;
    if (!isOwn || responseStatus?.code !== 200 || traffic === undefined) continue;
    writes.push({ atMs: Date.parse(stageTimestamp), traffic });
  }
  return writes.toSorted((a, b) => a.atMs - b.atMs);
}

interface Payload {
  readonly data?: string;
}

/** An event of Temporal's history as its command line prints it, as far as it is read. */
interface HistoryEvent {
  readonly eventId: string;
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string } };
  readonly activityTaskCompletedEventAttributes?: { readonly scheduledEventId: string; readonly result?: Payloads };
  readonly workflowExecutionStartedEventAttributes?: { readonly firstExecutionRunId: string };
  readonly workflowExecutionContinuedAsNewEventAttributes?: { readonly newExecutionRunId: string };
  readonly markerRecordedEventAttributes?: { readonly details?: Readonly<Record<string, Payloads>> };
  readonly workflowExecutionCompletedEventAttributes?: { readonly result?: Payloads };
  readonly workflowExecutionFailedEventAttributes?: { readonly failure: Failure };
}

interface Payloads {
  readonly payloads?: readonly Payload[];
}

interface Failure {
  readonly message?: string;
  readonly applicationFailureInfo?: { readonly details?: Payloads };
}

type Window = RunFacts['windows'][number];

/**
 * What the histories of a run tell, and of those that continued it as new. `show` prints the history of a run, or else the latest one, as
 * `temporal workflow show --output json` does.
 */
export async function readHistory(
  show: (runId?: string) => Promise<string>,
): Promise<Pick<RunFacts, 'end' | 'windows' | 'firstRunId'>> {
  const read = async (runId?: string): Promise<readonly HistoryEvent[]> => {
    return (JSON.parse(await show(runId)) as { events: readonly HistoryEvent[] }).events;
  };
  const latest = await read();
  const firstRunId = latest[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? '';
  const windows: Window[] = [];
  for (let runId: string | undefined = firstRunId; runId !== undefined;) {
    const events = await read(runId);
    windows.push(...readWindows(events));
    runId = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return { firstRunId, end: readEnd(latest), windows };
}

function readWindows(events: readonly HistoryEvent[]): readonly Window[] {
  const types = new Map(
    events.map(({ eventId, activityTaskScheduledEventAttributes: scheduled }) => [
      eventId,
      scheduled?.activityType.name,
    ]),
  );
  return events.flatMap((event) => {
    const { activityTaskCompletedEventAttributes: completed, markerRecordedEventAttributes: marker } = event;
    const { activity_type: local } = (decode(marker?.details?.['data']) ?? {}) as { activity_type?: string };
    const type = completed ? types.get(completed.scheduledEventId) : local;
    const result = completed?.result ?? marker?.details?.['result'];
    if (type !== 'queryMetrics' || result === undefined) return [];
    const { measurement } = decode(result) as { measurement: { kind: string; fromMs: number; toMs: number } };
    return measurement.kind === 'measured' ? [{ fromMs: measurement.fromMs, toMs: measurement.toMs }] : [];
  });
}

function readEnd(events: readonly HistoryEvent[]): RunEnd {
  const last = events.at(-1);
  const completed = last?.workflowExecutionCompletedEventAttributes;
  const failed = last?.workflowExecutionFailedEventAttributes;
  const report = decode(completed?.result ?? failed?.failure.applicationFailureInfo?.details) as
    Partial<RunEnd> | undefined;
  const reason = [report?.reason, failed?.failure.message].filter((text) => text !== undefined).join('; ');
  return { outcome: report?.outcome ?? 'none', reason };
}

function decode(result: Payloads | undefined): unknown {
  const data = result?.payloads?.[0]?.data;
  return data === undefined ? undefined : JSON.parse(Buffer.from(data, 'base64').toString());
}

/** A request with a CloudEvent in structured mode, as far as it is read. */
interface ToldRequest {
  readonly body: string;
}

/** The notices that a receiver was sent. */
export function readNotices(requests: readonly ToldRequest[]): RunFacts['notices'] {
  return requests.map(({ body }) => {
    const { id, type } = JSON.parse(body) as { id: string; type: string };
    return { key: id, event: type.split('.').at(-1) ?? '' };
  });
}
