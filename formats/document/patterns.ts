import { z } from 'zod';
import { testingPatterns } from '../../core/experiment/experiment.ts';
import type { TestingPattern } from '../../core/experiment/experiment.ts';
import type { ValueIssue } from './zod-issues.ts';

interface Rule {
  readonly candidates: { readonly expected: string; readonly fits: (count: number) => boolean };
  readonly rewards: number;
}

const exactlyOne = { expected: 'exactly one candidate', fits: (count: number) => count === 1 };

/** The numbers of candidates and rewards that each testing pattern requires. */
const rules: Readonly<Record<TestingPattern, Rule>> = {
  Canary: { candidates: exactlyOne, rewards: 0 },
  Conformance: {
    candidates: { expected: 'no candidate in a Conformance experiment', fits: (count) => count === 0 },
    rewards: 0,
  },
  'A/B': { candidates: exactlyOne, rewards: 1 },
  'A/B/N': { candidates: { expected: 'at least one candidate', fits: (count) => count > 0 }, rewards: 1 },
};

/** The parts of a manifest's `spec` whose number depends on the testing pattern. */
const counted = z.object({
  strategy: z.object({ testingPattern: z.enum(testingPatterns) }),
  criteria: z
    .object({ rewards: z.array(z.unknown()).default([]), reward: z.unknown().optional() })
    .catch({ rewards: [], reward: undefined }),
  versionInfo: z
    .object({ candidates: z.array(z.unknown()).default([]) })
    .optional()
    .catch(undefined),
});

/** Checks the numbers of candidates and rewards against the testing pattern; finds nothing where they cannot be read. */
export function checkPattern(spec: unknown): ValueIssue[] {
  const reading = counted.safeParse(spec);
  if (!reading.success) return [];
  const { strategy, criteria, versionInfo } = reading.data;
  const { testingPattern } = strategy;
  const { candidates, rewards: allowed } = rules[testingPattern];
  const issues: ValueIssue[] = [];
  if (versionInfo !== undefined && !candidates.fits(versionInfo.candidates.length)) {
    const got = String(versionInfo.candidates.length);
    issues.push({ path: ['spec', 'versionInfo', 'candidates'], atKey: false, expected: candidates.expected, got });
  }
  const rewards = criteria.rewards.length + (criteria.reward === undefined ? 0 : 1);
  if (rewards !== allowed) {
    const path = ['spec', 'criteria', criteria.reward === undefined ? 'rewards' : 'reward'];
    const article = testingPattern.startsWith('A') ? 'an' : 'a';
    const expected = `${allowed === 0 ? 'no reward' : 'exactly one reward'} in ${article} ${testingPattern} experiment`;
    issues.push({ path, atKey: false, expected, got: String(rewards) });
  }
  return issues;
}
