import { formatProgress } from './web-ui-details.ts';
import type { Report } from './report.ts';

interface Meaning {
  readonly meaning: string;
  /** Called only for an experiment that has ended. */
  readonly holds: (ended: Report) => boolean;
}

const conditions = {
  completed: { meaning: 'it has ended, however: promoted, rolled back, aborted or failed', holds: () => true },
  successful: {
    meaning: 'a candidate was promoted, or a conformance test was passed',
    holds: ({ outcome, winner }) => outcome === 'Promoted' || (outcome === 'Concluded' && winner !== undefined),
  },
  candidateWon: {
    meaning: 'it has ended, and the winner is a candidate',
    holds: ({ winner, baseline }) => winner !== undefined && winner !== baseline.name,
  },
  baselineWon: {
    meaning: 'it has ended, and the winner is the baseline',
    holds: ({ winner, baseline }) => winner !== undefined && winner === baseline.name,
  },
  noWinner: { meaning: 'it has ended, and no version has won', holds: ({ winner }) => winner === undefined },
  rolledBack: {
    meaning: 'it has ended by bringing the traffic back to the baseline',
    holds: ({ outcome }) => outcome === 'RolledBack',
  },
  winnerFound: { meaning: 'it has ended, and some version has won', holds: ({ winner }) => winner !== undefined },
  failed: { meaning: 'it could not be carried out to its end', holds: ({ outcome }) => outcome === 'Failed' },
} as const satisfies Readonly<Record<string, Meaning>>;

/** The name of a condition that may be asserted about an experiment. */
export type AssertedCondition = keyof typeof conditions;

/** All conditions with their descriptions, by name. */
export const assertedConditions: ReadonlyMap<string, string> = new Map(
  Object.entries(conditions).map(([name, { meaning }]) => [name, meaning]),
);

/** Whether a condition holds; `unknown` until the experiment has ended. */
export interface AssertionResult {
  readonly condition: AssertedCondition;
  readonly holds: 'yes' | 'no' | 'unknown';
  readonly why: string;
}

export function isAssertedCondition(text: string): text is AssertedCondition {
  return Object.hasOwn(conditions, text);
}

/**
 * Checks conditions against the state of an experiment. All are about its end: a version that leads in between may still lose, so
 * nothing is known before, and nothing changes after.
 */
export function assertConditions(report: Report, asserted: readonly AssertedCondition[]): readonly AssertionResult[] {
  const { outcome } = report;
  if (outcome === undefined) {
    const why = report.iterations === 0 ? report.stage : `${report.stage}, ${formatProgress(report)}`;
    return asserted.map((condition) => ({ condition, holds: 'unknown', why }));
  }
  const why = `${outcome}, ${report.winner ?? 'no version'} has won`;
  return asserted.map((condition) => {
    return { condition, holds: conditions[condition].holds(report) ? 'yes' : 'no', why };
  });
}
