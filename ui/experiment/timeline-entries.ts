import type { Act } from '../../core/report/act.ts';
import type { CourseInterval, CourseJudgement } from '../../core/report/course.ts';
import type { Report } from '../../core/report/report.ts';
import { formatRequest } from '../../core/planner/requests.ts';
import { formatDuration } from '../../core/text/duration.ts';
import type { ExperimentRecord } from '../../server/api.ts';

/** Something that happened in a run, as the timeline shows it. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly what: string;
  readonly why: string;
  readonly tone: 'person' | 'traffic' | 'task' | 'observation' | 'bad' | 'warning';
  /** The interval whose facts it opens. */
  readonly interval?: number;
  /** Whether nothing changed. */
  readonly isQuiet?: boolean;
}

/** Entries that belong together: a single one, or some in a row in which nothing changed. */
export type TimelineGroup = readonly [TimelineEntry, ...TimelineEntry[]];

/** So many entries in a row in which nothing changes are shown as one. */
const fewestGrouped = 3;

/** Puts entries in a row in which nothing changed together. */
export function groupEntries(entries: readonly TimelineEntry[]): readonly TimelineGroup[] {
  const groups: [TimelineEntry, ...TimelineEntry[]][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (entry.isQuiet === true && last?.[0].isQuiet === true) last.push(entry);
    else groups.push([entry]);
  }
  return groups.flatMap((group): TimelineGroup[] =>
    group.length < fewestGrouped ? group.map((entry): TimelineGroup => [entry]) : [group],
  );
}

/** All that happened in a run, the latest first. */
export function listEntries({ course, acts }: ExperimentRecord, report: Report | undefined): readonly TimelineEntry[] {
  const observations = course.intervals.map((interval) => describeInterval(interval, course.judged));
  const entries = [...observations, ...acts.map(describeAct), ...describeGate(report)];
  return entries.toSorted((a, b) => b.atMs - a.atMs);
}

function describeGate(report: Report | undefined): readonly TimelineEntry[] {
  const gate = report?.awaitingApproval;
  if (gate === undefined) return [];
  return [{ atMs: gate.sinceMs, what: 'Waits for approval', why: report?.weightReason ?? '', tone: 'person' }];
}

function describeInterval(interval: CourseInterval, names: readonly string[]): TimelineEntry {
  const { number, atMs, unmeasured, judgements } = interval;
  const judged = judgements.flatMap((one, index) =>
    one === null ? [] : [{ ...one, index, name: names[index] ?? '' }],
  );
  if (unmeasured !== undefined || judged.length === 0) {
    const words = unmeasured === undefined ? 'not judged' : 'nothing measured';
    return { atMs, what: `Interval ${number}: ${words}`, why: unmeasured ?? '', tone: 'warning', interval: number };
  }
  const isSeveral = names.length > 1;
  const what = `Interval ${number}: ${judged.map((one) => stepText(interval.weights[one.index], one, isSeveral)).join(', ')}`;
  const why = judged.map(({ name, reason }) => (isSeveral ? `${name}: ${reason}` : reason)).join('; ');
  const isBad = judged.some(({ objectives }) => objectives.some(({ verdict }) => verdict === 'fail'));
  const isSuspect = judged.some(({ objectives }) => objectives.some(({ suspect }) => suspect));
  const tone = isBad ? 'bad' : isSuspect ? 'warning' : 'observation';
  const isQuiet =
    tone === 'observation' && judged.every(({ weight, index }) => weight === (interval.weights[index] ?? weight));
  return { atMs, what, why, tone, interval: number, isQuiet };
}

function stepText(
  before: number | undefined,
  { name, weight: after, objectives }: CourseJudgement & { readonly name: string },
  isNamed: boolean,
): string {
  const of = isNamed ? `${name} ` : '';
  if (objectives.some(({ verdict }) => verdict === 'fail'))
    return `${of}fails${before === undefined ? '' : ` at ${before} %`}`;
  if (before === undefined) return `${of}judged`;
  return before === after ? `${of}stays at ${after} %` : `${of}${before} % → ${after} %`;
}

const requestWords = {
  abort: 'Abort',
  approve: 'Approval',
  reject: 'Rejection',
  pause: 'Pause',
  resume: 'Resumption',
} as const;

function describeAct(act: Act): TimelineEntry {
  switch (act.kind) {
    case 'request': {
      const why = act.refused === undefined ? '' : `refused: ${act.refused}`;
      return { atMs: act.atMs, what: formatRequest(requestWords[act.request], act), why, tone: 'person' };
    }
    case 'traffic': {
      const shares = act.shares.map(({ revision, percent }) => `${revision} ${percent} %`).join(', ');
      return { atMs: act.atMs, what: `Traffic written: ${shares}`, why: '', tone: 'traffic' };
    }
    case 'task': {
      const { atMs, name, endedAtMs, failure } = act;
      const took = endedAtMs === undefined ? 'runs' : `took ${formatDuration(endedAtMs - atMs)}`;
      return { atMs, what: name, why: failure ?? took, tone: failure === undefined ? 'task' : 'bad' };
    }
  }
}
