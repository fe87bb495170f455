import type { Act } from '../../core/report/act.ts';
import { requestKinds } from '../../core/planner/requests.ts';
import type { RequestKind } from '../../core/planner/requests.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestInput } from '../../contract/messages.ts';
import type { ActVerification, VerifyActInput } from '../../contract/proof.ts';
import type { PatchTrafficInput, PatchTrafficResult } from '../../contract/traffic.ts';
import type { RunTaskInput, TaskActivities } from '../../contract/tasks.ts';
import { decodePayload } from '../../temporal/recorded-activities.ts';
import type { HistoryEvent, Payload } from '../../temporal/recorded-activities.ts';

/** An activity as it was scheduled. */
interface Scheduled {
  readonly type: string;
  readonly input: Payload | undefined;
  /** The place of its act, where it is a task. */
  readonly actIndex: number | undefined;
}

const requests: ReadonlySet<string> = new Set(requestKinds);

/** What tasks are called, by their activity; a command says itself which one it is. */
const taskNames: Readonly<Record<keyof TaskActivities, (input: unknown) => string>> = {
  runHelm: commandName,
  runCommand: commandName,
  runScript: () => 'script',
  checkObjects: () => 'readiness',
  collectMetrics: () => 'metrics/collect',
  notifyHttp: () => 'notification by HTTP',
  notifySlack: () => 'notification in Slack',
};

function commandName(input: unknown): string {
  const { command, args } = input as RunTaskInput;
  return [command, ...args].join(' ');
}

/** Collects what was done in a run from the events of its history, in order. */
export class ActReader {
  readonly acts: Act[] = [];
  readonly #scheduled = new Map<string, Scheduled>();
  /** The places of requests among the acts, by their proof. */
  readonly #proven = new Map<string, number>();
  /** The places of requests among the acts, by the event that accepted their update. */
  readonly #accepted = new Map<string, number>();

  read(event: HistoryEvent): void {
    const atMs = eventTimeMs(event);
    const { activityTaskScheduledEventAttributes: scheduled } = event;
    if (scheduled) {
      const [type, input] = [scheduled.activityType?.name ?? '', scheduled.input?.payloads?.[0]];
      const actIndex = isTask(type) ? this.acts.length : undefined;
      if (isTask(type)) this.acts.push({ kind: 'task', atMs, name: taskNames[type](decodePayload(input)) });
      this.#scheduled.set(String(event.eventId), { type, input, actIndex });
    }
    this.#readRequest(event, atMs);
    this.#readAnswer(event);
    this.#readEnd(event, atMs);
  }

  #readRequest(event: HistoryEvent, atMs: number): void {
    const { workflowExecutionSignaledEventAttributes: signal, workflowExecutionUpdateAcceptedEventAttributes: update } =
      event;
    const accepted = update?.acceptedRequest?.input;
    const name = signal?.signalName ?? accepted?.name ?? '';
    if (!requests.has(name)) return;
    const [payload] = (signal?.input ?? accepted?.args)?.payloads ?? [];
    const { by, reason, proof } = readInput(payload);
    if (update) this.#accepted.set(String(event.eventId), this.acts.length);
    if (proof !== undefined && !this.#proven.has(proof)) this.#proven.set(proof, this.acts.length);
    this.acts.push({ kind: 'request', atMs, request: name as RequestKind, ...defined({ by, reason }) });
  }

  /** A request with a proof may be refused only after the proof was looked at. */
  #readAnswer({ workflowExecutionUpdateCompletedEventAttributes: answered }: HistoryEvent): void {
    const index = this.#accepted.get(String(answered?.acceptedEventId ?? ''));
    const act = this.acts[index ?? -1];
    const { message } = answered?.outcome?.failure ?? {};
    if (index !== undefined && act?.kind === 'request' && message)
      this.acts.splice(index, 1, { ...act, refused: message });
  }

  #readEnd(event: HistoryEvent, atMs: number): void {
    const { activityTaskCompletedEventAttributes: completed, activityTaskFailedEventAttributes: failed } = event;
    const { activityTaskTimedOutEventAttributes: late, activityTaskCanceledEventAttributes: canceled } = event;
    const scheduledId = (completed ?? failed ?? late ?? canceled)?.scheduledEventId;
    const scheduled = scheduledId ? this.#scheduled.get(String(scheduledId)) : undefined;
    if (scheduled === undefined) return;
    if (scheduled.type === 'patchTraffic' && completed) this.#addWrite(scheduled, completed.result?.payloads?.[0]);
    if (scheduled.type === 'verifyAct' && completed) this.#addName(scheduled, completed.result?.payloads?.[0]);
    const act = this.acts[scheduled.actIndex ?? -1];
    if (scheduled.actIndex === undefined || act?.kind !== 'task') return;
    const failure = canceled ? 'canceled' : ((failed ?? late)?.failure?.message ?? undefined);
    this.acts.splice(scheduled.actIndex, 1, { ...act, endedAtMs: atMs, ...defined({ failure }) });
  }

  #addName({ input }: Scheduled, result: Payload | undefined): void {
    const { proof } = decodePayload(input) as VerifyActInput;
    const verification = decodePayload(result) as ActVerification;
    const index = this.#proven.get(proof);
    const act = this.acts[index ?? -1];
    if (index === undefined || act?.kind !== 'request' || verification.kind === 'refused') return;
    const { user } = verification.person;
    this.acts.splice(index, 1, { ...act, by: user, verified: { user } });
  }

  #addWrite({ input }: Scheduled, result: Payload | undefined): void {
    const { shares } = decodePayload(input) as PatchTrafficInput;
    const { acceptedAtMs } = decodePayload(result) as PatchTrafficResult;
    const plain = shares.map(({ revision, percent }) => ({ revision, percent }));
    this.acts.push({ kind: 'traffic', atMs: acceptedAtMs, shares: plain });
  }
}

/** Seconds are a `Long` from Temporal, and text from a file. */
function eventTimeMs({ eventTime }: HistoryEvent): number {
  const { seconds, nanos } = eventTime ?? {};
  return Number(String(seconds ?? 0)) * 1000 + Math.floor((nanos ?? 0) / 1_000_000);
}

function isTask(type: string): type is keyof TaskActivities {
  return Object.hasOwn(taskNames, type);
}

/** A message may have no input, or one that cannot be read: who sent it is not known then. */
function readInput(payload: Payload | undefined): RequestInput {
  try {
    const input = decodePayload(payload);
    if (typeof input !== 'object' || input === null) return {};
    const { by, reason, proof }: { by?: unknown; reason?: unknown; proof?: unknown } = input;
    return {
      ...(typeof by === 'string' ? { by } : {}),
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(typeof proof === 'string' ? { proof } : {}),
    };
  } catch {
    return {};
  }
}
