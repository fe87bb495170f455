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
  /** Attempts in a row that failed as a whole, and when the next one may be made. */
  readonly failedAttempts: number;
  readonly notBeforeMs: number;
  /** How often the run could have delivered something. */
  readonly turn: number;
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
  /** Present while it takes nothing. */
  readonly trouble?: Trouble;
}

interface Trouble {
  /** Attempts in a row. */
  readonly attempts: number;
  /** When it is tried again at the earliest. */
  readonly notBeforeMs: number;
  readonly why: string;
}

/** How an attempt has ended: as a whole it fails where the receivers are not even known. */
export type AttemptResult = DeliveryAttempt | { readonly failure: string };

/** What one attempt has achieved. */
export interface DeliveryAttempt {
  /** The receivers that there are now. */
  readonly receivers: Readonly<Record<string, ReceiverAttempt>>;
  /** What can never be delivered, and why. */
  readonly lost: readonly string[];
}

/** What one attempt has achieved at a receiver. */
export interface ReceiverAttempt extends Pick<ReceiverProgress, 'delivered' | 'thread'> {
  /** Whether it was left alone, since its time had not come. */
  readonly isSkipped?: boolean;
  /** Why it did not take the next notice; how long it wants not to be asked. */
  readonly failed?: { readonly why: string; readonly retryAfterMs?: number };
}

export const emptyOutbox: Outbox = {
  lastNumber: 0,
  told: {},
  waiting: [],
  receivers: {},
  failedAttempts: 0,
  notBeforeMs: 0,
  turn: 0,
};

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

/** The outbox with more notices, which get their numbers, and what is given up for them. */
export function withNotices(outbox: Outbox, notices: readonly Omit<Notice, 'number'>[]): Settled {
  const numbered = notices.map((notice, index) => ({ ...notice, number: outbox.lastNumber + 1 + index }));
  const all = [...outbox.waiting, ...numbered];
  const waiting = all.slice(-mostWaiting);
  const dropped = all.slice(0, all.length - waiting.length);
  const lost = dropped.map(({ event }) => `the notice ${event} was not delivered: more than ${mostWaiting} wait`);
  return { outbox: { ...outbox, waiting, lastNumber: outbox.lastNumber + notices.length }, lost };
}

/** An outbox, and what was given up, for the report. */
export interface Settled {
  readonly outbox: Outbox;
  readonly lost: readonly string[];
}

/** The outbox after an attempt to deliver all that waited. */
export function afterAttempt(outbox: Outbox, attempt: AttemptResult, nowMs: number): Settled {
  if ('failure' in attempt) return afterFailure(outbox, attempt.failure, nowMs);
  const now = Object.entries(attempt.receivers).map(([name, one]): [string, ReceiverProgress] => {
    return [
      name,
      progressAfter(Object.hasOwn(outbox.receivers, name) ? outbox.receivers[name] : undefined, one, nowMs),
    ];
  });
  const isMissing = ({ number }: Notice): boolean => now.some(([, { delivered }]) => delivered < number);
  const { expired, waiting } = splitByAge(outbox.waiting.filter(isMissing), nowMs);
  const givenUp = expired.flatMap(({ event, number }) => {
    const late = now.filter(([, { delivered }]) => delivered < number);
    return late.map(
      ([name, { trouble }]) => `the notice ${event} was not delivered to ${name}: ${trouble?.why ?? 'late'}`,
    );
  });
  const receivers = { ...withoutDebts(outbox), ...Object.fromEntries(now) };
  return {
    outbox: { ...outbox, receivers, waiting, failedAttempts: 0, notBeforeMs: 0 },
    lost: [...attempt.lost, ...givenUp],
  };
}

/** A receiver that is gone is not to have what has been told meanwhile; if it comes back it goes on with its thread. */
function withoutDebts({ receivers, lastNumber }: Outbox): Outbox['receivers'] {
  const all = Object.entries(receivers).map(([name, { thread }]): [string, ReceiverProgress] => {
    return [name, { delivered: lastNumber, ...defined({ thread }) }];
  });
  return Object.fromEntries(all);
}

/**
 * The next turn of a run, at an iteration: whether somebody is to be told something, and which receivers rest. Troubles make turns rarer, to
 * every sixteenth. No clock decides: a replay may have another time where a worker was lost.
 */
export function takeTurn(outbox: Outbox): {
  readonly outbox: Outbox;
  readonly isDue: boolean;
  readonly resting: readonly string[];
} {
  const { waiting, receivers, failedAttempts } = outbox;
  if (waiting.length === 0) return { outbox, isDue: false, resting: [] };
  const turn = outbox.turn + 1;
  const rests = (attempts: number): boolean => turn % Math.min(2 ** attempts, 16) !== 0;
  const known = Object.entries(receivers);
  const last = waiting.at(-1)?.number ?? 0;
  const resting = known.flatMap(([name, { trouble }]) =>
    trouble !== undefined && rests(trouble.attempts) ? [name] : [],
  );
  const isWanted =
    known.length === 0 || known.some(([name, { delivered }]) => delivered < last && !resting.includes(name));
  return { outbox: { ...outbox, turn }, isDue: isWanted && !rests(failedAttempts), resting };
}

/** The receivers whose time has not come, by name. */
export function findResting({ receivers }: Outbox, nowMs: number): readonly string[] {
  return Object.entries(receivers).flatMap(([name, { trouble }]) =>
    (trouble?.notBeforeMs ?? 0) > nowMs ? [name] : [],
  );
}

function progressAfter(
  before: ReceiverProgress | undefined,
  { isSkipped, failed, ...progress }: ReceiverAttempt,
  nowMs: number,
): ReceiverProgress {
  if (isSkipped === true) return { ...progress, ...defined({ trouble: before?.trouble }) };
  if (failed === undefined) return progress;
  const attempts = (before?.trouble?.attempts ?? 0) + 1;
  const pauseMs = Math.min(Math.max(backoffMs(attempts), failed.retryAfterMs ?? 0), patienceMs);
  return { ...progress, trouble: { attempts, notBeforeMs: nowMs + pauseMs, why: failed.why } };
}

function afterFailure(outbox: Outbox, why: string, nowMs: number): Settled {
  const { expired, waiting } = splitByAge(outbox.waiting, nowMs);
  const lost = expired.map(({ event }) => `the notice ${event} was not delivered: ${why}`);
  const failedAttempts = outbox.failedAttempts + 1;
  return { outbox: { ...outbox, waiting, failedAttempts, notBeforeMs: nowMs + backoffMs(failedAttempts) }, lost };
}

function splitByAge(
  notices: readonly Notice[],
  nowMs: number,
): Readonly<Record<'expired' | 'waiting', readonly Notice[]>> {
  const isExpired = ({ atMs }: Notice): boolean => nowMs - atMs >= patienceMs;
  return { expired: notices.filter(isExpired), waiting: notices.filter((notice) => !isExpired(notice)) };
}

function backoffMs(attempts: number): number {
  return Math.min(5_000 * 2 ** (attempts - 1), 300_000);
}

/** How long to wait before the next attempt at what waits, ms; 0 where there is a receiver that can take it. */
export function retryPauseMs({ waiting, receivers, failedAttempts, notBeforeMs }: Outbox, nowMs: number): number {
  if (failedAttempts > 0) return Math.max(0, notBeforeMs - nowMs);
  const last = waiting.at(-1)?.number ?? 0;
  const times = Object.values(receivers).flatMap(({ delivered, trouble }) => {
    return delivered >= last ? [] : [trouble?.notBeforeMs ?? nowMs];
  });
  return times.length === 0 ? 0 : Math.max(0, Math.min(...times) - nowMs);
}
