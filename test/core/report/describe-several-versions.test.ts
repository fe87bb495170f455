import { describe as suite, expect, test } from 'vitest';
import { describe } from '../../../core/report/describe.ts';
import { details } from '../../../core/report/web-ui-details.ts';
import type { JudgedReport, Report } from '../../../core/report/report.ts';
import { aReport, anAssessment, startedAtMs } from '../../support/reports.ts';

const engagement = 'default/engagement';

function aVersion(name: string, changes: Partial<JudgedReport> = {}): JudgedReport {
  return { name, revision: `sample-app-${name}`, assessment: anAssessment(), suspect: false, ...changes };
}

/** Three versions, of which green leads and red is eliminated. */
function threeVersions(changes: Partial<Report> = {}): Report {
  const reward = (candidate: number, verdict: 'better' | 'worse') => {
    return { reward: { baseline: 15, candidate, verdict, reason: `${candidate} against 15` } };
  };
  return aReport({
    apiVersion: 'iter8.tools/v2alpha2',
    testingPattern: 'A/B/N',
    reward: { metric: engagement, preferredDirection: 'High' },
    metrics: {
      [engagement]: {
        namespace: 'default',
        name: 'engagement',
        type: 'gauge',
        units: 'seconds',
        source: { kind: 'mock', levels: {} },
      },
    },
    weights: { baseline: 60, candidates: [40, 0], confirmed: true },
    judged: [
      aVersion('green', reward(20.5, 'better')),
      aVersion('red', { ...reward(12, 'worse'), suspect: true, out: 'failed: error-rate 0.500 > limit 0.010' }),
    ],
    history: [
      {
        iteration: 4,
        atMs: startedAtMs,
        weightsBefore: [30, 3],
        weightsAfter: [40, 0],
        requests: [120, 8],
        reason: 'green: climbs 30 -> 40',
      },
    ],
    winner: 'green',
    recommended: 'green',
    ...changes,
  });
}

suite('several versions', () => {
  const text = describe(threeVersions());

  test('have a column each, and the best reward a star, as in iter8ctl', () => {
    expect(text).toContain('App versions in this experiment: [current green red]\nWinning version: green\n');
    expect(text).toContain('|             REWARD             | CURRENT |  GREEN   |  RED   |');
    expect(text).toContain('| default/engagement (higher     |  15.000 | 20.500 * | 12.000 |\n| better)');
    expect(text).toContain('|           OBJECTIVE            | CURRENT | GREEN | RED  |');
  });

  test('have their weights and verdicts by name, and an eliminated one says why', () => {
    expect(text).toContain('green (sample-app-green): 40 %\nred (sample-app-red): 0 %');
    expect(text).toContain('green, reward: better, 20.5 against 15');
    expect(text).toContain('red, eliminated: failed: error-rate 0.500 > limit 0.010');
    expect(text).toMatch(/\| 30 %, 3 % -> 40 %, 0 % \| 120, 8 +\|/);
  });

  test('are suspect only while they are judged', () => {
    expect(text).not.toContain('Suspect');
  });

  test('have an objective list each in the details', () => {
    const markdown = details(threeVersions());
    expect(markdown).toContain('Objectives, for green\n');
    expect(markdown).toContain('- candidate red (`sample-app-red`): **0 %**');
  });
});

suite('a conformance test', () => {
  const report = aReport({
    apiVersion: 'iter8.tools/v2alpha2',
    testingPattern: 'Conformance',
    weights: { baseline: 100, candidates: [], confirmed: true },
    judged: [aVersion('current')],
    winner: 'current',
  });

  test('has one column, and names neither versions nor a recommendation', () => {
    const text = describe(report);
    expect(text).toMatch(/\*{6} Winner Assessment \*{6}\n(> .*\n){2}Winning version: current\n\n/);
    expect(text).toContain('|           OBJECTIVE            | CURRENT |\n');
    expect(text).toContain('a conformance test moves none');
  });

  test('has objectives of nobody in particular in the details', () => {
    expect(details(report)).toContain('\nObjectives\n');
  });
});
