import { noticeSeverities } from '../experiment/notice.ts';
import type { Notice, NoticeEvent } from '../experiment/notice.ts';
import { defined } from '../text/defined.ts';

/** The notices of an experiment on their way to the receivers of its namespace. Times are epoch ms. */
export interface Outbox {
  /** The number of the latest notice. */
  readonly lastNumber: number;
  /** What people have been told of, and whether it still is so; by what it is. */
  readonly told: Readonly<Record<string, Told>>;
  /** Notices that not every receiver has, oldest first. */
  readonly waiting: readonly Notice[];
  /** How far the receivers are, by name. */
  readonly receivers: Readonly<Record<string, ReceiverProgress>>;
  /** Attempts in a row after which a receiver was still behind. */
  readonly failedAttempts: number;
  /** When a receiver wants to be asked again at the earliest. */
  readonly notBeforeMs?: number;
}

export interface Told {
  readonly atMs: number;
  readonly stands: boolean;
}

/** How far a receiver is. */
export interface ReceiverProgress {
  /** The number of the last notice that it has, or was not to have. */
  readonly delivered: number;
  /** What its first message is called there: the others follow it. */
  readonly thread?: string;
}

/** How an attempt has ended: as a whole it fails where the receivers are not even known. */
export type AttemptResult = DeliveryAttempt | { readonly failure: string };

/** What one attempt has achieved. */
export interface DeliveryAttempt {
  /** The receivers that there are now; those that are behind the last notice failed, and are tried again. */
  readonly receivers: Readonly<Record<string, ReceiverProgress>>;
  /** What can never be delivered, and why. */
  readonly lost: readonly string[];
  /** Why receivers are behind, by their names. */
  readonly behind: Readonly<Record<string, string>>;
  /** How long a receiver wants not to be asked. */
  readonly retryAfterMs?: number;
}

export const emptyOutbox: Outbox = { lastNumber: 0, told: {}, waiting: [], receivers: {}, failedAttempts: 0 };

/** Notices that wait at most; of more the oldest are given up. */
const mostWaiting = 50;

/** How long a notice is tried to be delivered, ms. */
const patienceMs = 3_600_000;

/** What an observation tells is told again only after so long, ms: a candidate at its limit may be suspect again and again. */
const quietMs = 600_000;

/** The events that come from an observation alone. */
const repeating: ReadonlySet<NoticeEvent> = new Set(['Suspect', 'Blind']);

/** An event with its subject, such as a version; it stands as long as it is so. */
export interface Condition {
  readonly event: NoticeEvent;
  readonly subject: string;
}

/** What is over when a condition stands no more. */
const over: Readonly<Partial<Record<NoticeEvent, NoticeEvent>>> = { Blind: 'Sighted', Paused: 'Resumed' };

/** What people are to be told of: the conditions that stand now and were not told, and what is over of those that were. */
export function findNews(
  { told }: Pick<Outbox, 'told'>,
  standing: readonly Condition[],
  nowMs: number,
): { readonly news: readonly Condition[]; readonly told: Outbox['told'] } {
  const keys = new Set(standing.map(conditionKey));
  const appeared = standing.filter((condition) => isNew(told[conditionKey(condition)], condition, nowMs));
  const ended = Object.entries(told).filter(([key, { stands }]) => stands && !keys.has(key));
  const news = [...appeared, ...ended.flatMap(([key]) => endOf(key))];
  const kept = Object.entries(told).flatMap(([key, { atMs }]): [string, Told][] => {
    const stands = keys.has(key);
    return stands || nowMs - atMs < quietMs ? [[key, { atMs, stands: stands && (told[key]?.stands ?? false) }]] : [];
  });
  const added = appeared.map((condition) => [conditionKey(condition), { atMs: nowMs, stands: true }] as const);
  return { news, told: { ...Object.fromEntries(kept), ...Object.fromEntries(added) } };
}

function conditionKey({ event, subject }: Condition): string {
  return `${event} ${subject}`;
}

function isNew(before: Told | undefined, { event }: Condition, nowMs: number): boolean {
  if (before === undefined) return true;
  return !before.stands && (!repeating.has(event) || nowMs - before.atMs >= quietMs);
}

function endOf(key: string): readonly Condition[] {
  const [event = '', subject = ''] = key.split(/ (.*)/s);
  const next = event in noticeSeverities ? over[event as NoticeEvent] : undefined;
  return next === undefined ? [] : [{ event: next, subject }];
}

/** The outbox with more notices, which get their numbers. */
export function withNotices(outbox: Outbox, notices: readonly Omit<Notice, 'number'>[]): Outbox {
  const numbered = notices.map((notice, index) => ({ ...notice, number: outbox.lastNumber + 1 + index }));
  const waiting = [...outbox.waiting, ...numbered].slice(-mostWaiting);
  return { ...outbox, waiting, lastNumber: outbox.lastNumber + notices.length };
}

/** The outbox after an attempt to deliver all that waited, and what was given up with it, for the report. */
export function afterAttempt(
  outbox: Outbox,
  attempt: AttemptResult,
  nowMs: number,
): { readonly outbox: Outbox; readonly lost: readonly string[] } {
  if ('failure' in attempt) return afterFailure(outbox, attempt.failure, nowMs);
  const { receivers, behind, lost, retryAfterMs } = attempt;
  const isMissing = ({ number }: Notice): boolean =>
    Object.values(receivers).some(({ delivered }) => delivered < number);
  const { expired, waiting } = splitByAge(outbox.waiting.filter(isMissing), nowMs);
  const givenUp = expired.flatMap((notice) => {
    const late = Object.entries(behind).filter(([name]) => (receivers[name]?.delivered ?? 0) < notice.number);
    return late.map(([name, why]) => `the notice ${notice.event} was not delivered to ${name}: ${why}`);
  });
  const isBehind = Object.keys(behind).length > 0;
  const { notBeforeMs: _, ...others } = outbox;
  const notBeforeMs = isBehind && retryAfterMs !== undefined ? nowMs + retryAfterMs : undefined;
  const failedAttempts = isBehind ? outbox.failedAttempts + 1 : 0;
  return {
    outbox: { ...others, receivers, waiting, failedAttempts, ...defined({ notBeforeMs }) },
    lost: [...lost, ...givenUp],
  };
}

function afterFailure(outbox: Outbox, why: string, nowMs: number): ReturnType<typeof afterAttempt> {
  const { expired, waiting } = splitByAge(outbox.waiting, nowMs);
  const lost = expired.map(({ event }) => `the notice ${event} was not delivered: ${why}`);
  return { outbox: { ...outbox, waiting, failedAttempts: outbox.failedAttempts + 1 }, lost };
}

function splitByAge(
  notices: readonly Notice[],
  nowMs: number,
): Readonly<Record<'expired' | 'waiting', readonly Notice[]>> {
  const isExpired = ({ atMs }: Notice): boolean => nowMs - atMs >= patienceMs;
  return { expired: notices.filter(isExpired), waiting: notices.filter((notice) => !isExpired(notice)) };
}

/** How long to wait before the next attempt at those who are behind, ms; 0 where nobody is. */
export function retryPauseMs({ failedAttempts, notBeforeMs = 0 }: Outbox, nowMs: number): number {
  if (failedAttempts === 0) return 0;
  const patient = Math.min(5_000 * 2 ** (failedAttempts - 1), 300_000);
  return Math.min(Math.max(patient, notBeforeMs - nowMs), patienceMs);
}
