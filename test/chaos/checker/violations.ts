import type { RunFacts, TrafficEntry } from './facts.ts';

/** What must be true of a run. Returns what is not, in words; nothing where all holds. */
type Rule = (facts: RunFacts) => readonly string[];

/** Work may begin this late without a restart of the grid, ms; the rest is for the clock of the audit log. */
const toleranceMs = 2_000 + 300;

const rules: readonly Rule[] = [
  /** Percents sum to 100, and what has traffic is pinned; the last write, after helm, may follow the latest revision again. */
  ({ writes, end }) =>
    writes.flatMap(({ traffic }, index) => {
      const text = JSON.stringify(traffic);
      const isLast = ['Promoted', 'RolledBack'].includes(end.outcome) && index === writes.length - 1;
      const pinned = traffic.every(({ revisionName, percent = 0 }) => percent === 0 || revisionName !== undefined);
      return [
        ...(sum(traffic) === 100 ? [] : [`a write's percents sum to ${sum(traffic)}: ${text}`]),
        ...(pinned || isLast ? [] : [`a write does not pin what has traffic: ${text}`]),
      ];
    }),

  /** The traffic is where the outcome says. */
  ({ end, traffic, baselineRevision, candidateRevision }) => {
    const expected = end.outcome === 'Promoted' ? candidateRevision : baselineRevision;
    const served = traffic.filter(({ percent = 0 }) => percent > 0);
    const isThere = sum(served) === 100 && served.every(({ revisionName }) => revisionName === expected);
    return isThere ? [] : [`${end.outcome}, but the traffic is ${JSON.stringify(served)}, not all on ${expected}`];
  },

  /** One Helm revision for a promotion or a roll back, none for what ended otherwise, and none is left pending. */
  ({ end, releaseRevisions, releaseRevisionsBefore }) => {
    const added = releaseRevisions.slice(releaseRevisionsBefore).map(({ status }) => status);
    const done = added.filter((status) => status === 'deployed' || status === 'superseded').length;
    const expected = { Promoted: 1, RolledBack: 1, Aborted: 0 }[end.outcome];
    const pending = added.filter((status) => status.startsWith('pending'));
    const isSaid = end.outcome === 'Failed' && end.reason.includes('pending');
    return [
      ...(expected === undefined || done === expected
        ? []
        : [`${end.outcome}, but helm has added [${added.join(', ')}]`]),
      ...(pending.length === 0 || isSaid ? [] : [`a Helm revision is left ${pending.join(', ')}: ${end.reason}`]),
    ];
  },

  /** No step is shorter than its interval. */
  ({ writes, intervalMs, candidateRevision }) => {
    const steps = writes.map(({ atMs, traffic }) => ({ atMs, percent: sum(traffic.filter(isOf(candidateRevision))) }));
    return steps.slice(1).flatMap(({ atMs, percent }, index) => {
      const before = steps[index];
      if (before === undefined || before.percent === 0 || percent <= before.percent) return [];
      const lastedMs = atMs - before.atMs;
      const isWhole = lastedMs >= intervalMs - toleranceMs;
      return isWhole ? [] : [`the step at ${before.percent} % lasted ${lastedMs} ms of ${intervalMs}`];
    });
  },

  /** What is measured has no hole, and nothing is measured twice. */
  ({ windows }) =>
    windows.slice(1).flatMap(({ fromMs }, index) => {
      const before = windows[index];
      return before === undefined || before.toMs === fromMs
        ? []
        : [`a window begins ${fromMs - before.toMs} ms after the end of the one before it`];
    }),

  /** Every request has an answer. */
  ({ answers }) => {
    const lost = answers['-1'] ?? 0;
    return lost === 0 ? [] : [`${lost} requests without an answer`];
  },

  /** Each event is told at least once: no number is missing, and the last is the end. */
  ({ notices, firstRunId, end }) => {
    const own = notices.filter(({ key }) => key.startsWith(`${firstRunId}/`));
    const told = new Map(own.map(({ key, event }) => [Number(key.split('/').at(-1)), event]));
    const last = Math.max(0, ...told.keys());
    const missing = Array.from({ length: last }, (_, index) => index + 1).filter((number) => !told.has(number));
    const lastEvent = told.get(last) ?? 'nothing';
    return [
      ...(missing.length === 0 ? [] : [`nobody was told of the notices ${missing.join(', ')} of ${last}`]),
      ...(lastEvent === end.outcome.toLowerCase() ? [] : [`${end.outcome}, but ${lastEvent} was told last`]),
    ];
  },

  /** Nothing is left locked. */
  ({ leases, end }) => {
    const isSaid = end.outcome === 'Failed' && end.reason.includes('Lease');
    return leases.length === 0 || isSaid ? [] : [`${leases.join(', ')} is left after ${end.outcome}: ${end.reason}`];
  },
];

/** Everything that must be true of a run and is not, in words. */
export function findViolations(facts: RunFacts): readonly string[] {
  return rules.flatMap((rule) => rule(facts));
}

function sum(traffic: readonly TrafficEntry[]): number {
  return traffic.reduce((total, { percent = 0 }) => total + percent, 0);
}

function isOf(revision: string): (entry: TrafficEntry) => boolean {
  return ({ revisionName }) => revisionName === revision;
}
