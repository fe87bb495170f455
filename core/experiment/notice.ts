/** How urgent a notice is, the least first. */
export const severities = ['info', 'warning', 'error'] as const;
export type Severity = (typeof severities)[number];

/** What people are told of in the course of an experiment, and how urgent it is. */
export const noticeSeverities = {
  Waiting: 'info',
  Started: 'info',
  Suspect: 'warning',
  Eliminated: 'warning',
  Blind: 'warning',
  Sighted: 'info',
  Paused: 'info',
  Resumed: 'info',
  Closed: 'info',
  ApprovalNeeded: 'warning',
  Reminder: 'warning',
  Approved: 'info',
  Rejected: 'warning',
  Baking: 'info',
  Promoted: 'info',
  Concluded: 'info',
  RolledBack: 'error',
  Aborted: 'warning',
  Failed: 'error',
} as const satisfies Readonly<Record<string, Severity>>;

export type NoticeEvent = keyof typeof noticeSeverities;

// The events are the keys of their table.
export const noticeEvents = Object.keys(noticeSeverities) as readonly NoticeEvent[];

/** What people are told of one event, in plain text. Times are epoch ms. */
export interface Notice {
  /** Of all notices of the experiment, from 1; with the first run's id it is the key by which a receiver knows it. */
  readonly number: number;
  readonly event: NoticeEvent;
  readonly atMs: number;
  /** What has happened, in a few words. */
  readonly what: string;
  /** Why, with numbers; empty where nothing explains it further. */
  readonly why: string;
  /** What happens next. */
  readonly next?: { readonly what: string; readonly atMs?: number };
  /** What the experiment was like at that time, line by line. */
  readonly facts: readonly NoticeFact[];
}

export interface NoticeFact {
  readonly name: string;
  readonly value: string;
}

/** The key of a notice, equal in all attempts to deliver it. */
export function noticeKey(firstRunId: string, { number }: Pick<Notice, 'number'>): string {
  return `${firstRunId}/notice/${number}`;
}
