import { describe as suite, expect, test } from 'vitest';
import { assessmentSections, formatObjective, formatValue } from '../../../core/report/describe-assessment.ts';
import { describe, describeBriefly } from '../../../core/report/describe.ts';
import { aReport, anAssessment, anObjective, startedAtMs } from '../../support/reports.ts';

/** What the seed's tutorial shows as iter8ctl's output. */
const seedText = `
****** Overview ******
Experiment name: canary-progressive
Experiment namespace: default
Target: default/sample-app
Testing pattern: Canary
Deployment pattern: Progressive

****** Progress Summary ******
Experiment stage: Running
Number of completed iterations: 4

****** Winner Assessment ******
App versions in this experiment: [current candidate]
Winning version: candidate
Recommended baseline: candidate

****** Objective Assessment ******
+--------------------------------+---------+-----------+
|           OBJECTIVE            | CURRENT | CANDIDATE |
+--------------------------------+---------+-----------+
| mean-latency <= 50.000         | true    | true      |
+--------------------------------+---------+-----------+
| 95th-percentile-tail-latency   | true    | true      |
| <= 100.000                     |         |           |
+--------------------------------+---------+-----------+
| error-rate <= 0.010            | true    | true      |
+--------------------------------+---------+-----------+

****** Metrics Assessment ******
+--------------------------------+---------+-----------+
|             METRIC             | CURRENT | CANDIDATE |
+--------------------------------+---------+-----------+
| request-count                  | 609.167 |    75.680 |
+--------------------------------+---------+-----------+
| mean-latency (milliseconds)    |   1.273 |     1.349 |
+--------------------------------+---------+-----------+
| 95th-percentile-tail-latency   |   4.784 |     4.750 |
| (milliseconds)                 |         |           |
+--------------------------------+---------+-----------+
| error-rate                     |   0.000 |     0.000 |
+--------------------------------+---------+-----------+
`.trim();

suite('the metrics back end', () => {
  test('is described by how late it shows samples, and by its clock', () => {
    const text = describe(aReport({ metricsVisibility: { lagMs: 14_000, clockMs: 300_000 } }));
    expect(text).toContain(
      '****** Metrics Back End ******\nAt the last observation: the newest sample was 14 s old, its clock is 5 min ahead',
    );
    expect(describe(aReport())).not.toContain('Metrics Back End');
  });
});

suite('describe, like iter8ctl', () => {
  test("begins with the seed's text, character by character", () => {
    const text = describe(aReport());
    expect(text.slice(0, seedText.length)).toBe(seedText);
    expect(text.slice(seedText.length)).toMatch(/^\n\n\*\*\*\*\*\* Traffic/);
  });

  test('shows overview and progress only, until an iteration is completed', () => {
    const sections = assessmentSections(aReport({ completedIterations: 0 }));
    expect(sections.map(({ title }) => title)).toEqual(['Overview', 'Progress Summary']);
  });

  test('names no winner while there is none, and recommends by the label of the later API', () => {
    const { winner: _, ...report } = aReport({ apiVersion: 'iter8.tools/v2alpha2', recommended: 'current' });
    expect(describe(report)).toContain('Winning version: not found\nVersion recommended for promotion: current\n');
  });

  test('leaves the objective table out when there are no objectives', () => {
    expect(describe(aReport({ assessment: anAssessment({ objectives: [] }) }))).not.toContain('Objective Assessment');
  });

  test.each([
    ['pass', 'true     '],
    ['fail', 'false    '],
    ['undecided', 'undecided'],
    ['error', 'error    '],
  ] as const)('shows the verdict %s as %s', (candidate, cell) => {
    const objectives = [anObjective('error-rate', 0.01, 'why', { candidate })];
    expect(describe(aReport({ assessment: anAssessment({ objectives }) }))).toContain(
      `| error-rate <= 0.010 | true    | ${cell} |`,
    );
  });

  test('shows a metric without data as unavailable, at the left', () => {
    const metrics = [{ metric: 'mean-latency', baseline: 12 }] as const;
    expect(describe(aReport({ assessment: anAssessment({ metrics }) }))).toContain(
      '| mean-latency (milliseconds) |  12.000 | unavailable |',
    );
  });

  test.each([
    [0.010_01, '0.011'],
    [0.01, '0.010'],
    [1.273, '1.273'],
    [1.2731, '1.274'],
    [99.9999, '100.000'],
    [0, '0.000'],
    [undefined, 'unavailable'],
  ])('rounds %s up to %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  test.each([
    [{ upperLimit: 50 }, 'mean-latency <= 50.000'],
    [{ lowerLimit: 1 }, '1.000 <= mean-latency'],
    [{ lowerLimit: 1, upperLimit: 50 }, '1.000 <= mean-latency <= 50.000'],
    [{ upperLimit: 0.0005 }, 'mean-latency <= 0.0005'],
  ])('writes the limits %j as %s', (limits, text) => {
    expect(formatObjective({ metric: 'mean-latency', rollbackOnFailure: false, ...limits })).toBe(text);
  });
});

suite('describe in short', () => {
  test("is the seed's text and nothing else while an experiment runs", () => {
    expect(describeBriefly(aReport({ paused: { atMs: startedAtMs }, warnings: ['w'] }))).toBe(seedText);
  });

  test('hides neither outcome nor reason, even before the first iteration', () => {
    const ended = {
      stage: 'Completed',
      outcome: 'Failed',
      reason: 'sample-app is not ready; traffic untouched',
    } as const;
    const text = describeBriefly(aReport({ ...ended, completedIterations: 0, completedAtMs: startedAtMs }));
    expect(text.slice(text.indexOf('****** Outcome'))).toBe(
      '****** Outcome ******\nOutcome: Failed\nReason: sample-app is not ready; traffic untouched',
    );
  });
});

suite('describe, for v2alpha2', () => {
  const later = { apiVersion: 'iter8.tools/v2alpha2' } as const;

  test.each([
    [
      'Canary',
      `> If the candidate version satisfies the experiment objectives, then it is the winner.
> Otherwise, if the baseline version satisfies the experiment objectives, it is the winner.
> Otherwise, there is no winner.
`,
    ],
    ['A/B', ''],
    ['A/B/N', ''],
  ])("explains how the winner of %s is found in iter8ctl's lines", (testingPattern, rule) => {
    expect(describeBriefly(aReport({ ...later, testingPattern }))).toContain(
      `****** Winner Assessment ******\n${rule}App versions in this experiment: [current candidate]\n`,
    );
  });

  test('says of a conformance test neither app versions nor a recommendation', () => {
    const text = describeBriefly(aReport({ ...later, testingPattern: 'Conformance', winner: 'candidate' }));
    expect(text).toContain(
      `****** Winner Assessment ******
> If the version being validated; i.e., the baseline version, satisfies the experiment objectives, it is the winner.
> Otherwise, there is no winner.
Winning version: candidate

`,
    );
  });

  test('has tables as iter8ctl 0.1.5 has them: names of the manifest, cells wrapped at 30 characters', () => {
    const writtenMetrics = {
      'request-count': ['iter8-knative/request-count'],
      'mean-latency': ['iter8-knative/mean-latency'],
      '95th-percentile-tail-latency': ['iter8-knative/95th-percentile-tail-latency'],
      'error-rate': ['iter8-knative/error-rate'],
    };
    const text = describeBriefly(aReport({ ...later, writtenMetrics }));
    expect(text.slice(text.indexOf('****** Objective'))).toBe(
      `
****** Objective Assessment ******
> Identifies whether or not the experiment objectives are satisfied by the most recently observed metrics values for each version.
+--------------------------------------------+---------+-----------+
|                 OBJECTIVE                  | CURRENT | CANDIDATE |
+--------------------------------------------+---------+-----------+
| iter8-knative/mean-latency <=              | true    | true      |
|                                     50.000 |         |           |
+--------------------------------------------+---------+-----------+
| iter8-knative/95th-percentile-tail-latency | true    | true      |
| <= 100.000                                 |         |           |
+--------------------------------------------+---------+-----------+
| iter8-knative/error-rate <=                | true    | true      |
|                                      0.010 |         |           |
+--------------------------------------------+---------+-----------+

****** Metrics Assessment ******
> Most recently read values of experiment metrics for each version.
+--------------------------------------------+---------+-----------+
|                   METRIC                   | CURRENT | CANDIDATE |
+--------------------------------------------+---------+-----------+
| iter8-knative/request-count                | 609.167 |    75.680 |
+--------------------------------------------+---------+-----------+
| iter8-knative/mean-latency                 |   1.273 |     1.349 |
| (milliseconds)                             |         |           |
+--------------------------------------------+---------+-----------+
| iter8-knative/95th-percentile-tail-latency |   4.784 |     4.750 |
| (milliseconds)                             |         |           |
+--------------------------------------------+---------+-----------+
| iter8-knative/error-rate                   |   0.000 |     0.000 |
+--------------------------------------------+---------+-----------+`.trimStart(),
    );
  });

  test('recommends a baseline in every pattern of v2alpha1, as iter8ctl did', () => {
    const text = describeBriefly(aReport({ testingPattern: 'Conformance', recommended: 'current' }));
    expect(text).toContain(
      '****** Winner Assessment ******\nWinning version: candidate\nRecommended baseline: current\n\n',
    );
  });

  test('explains each table in a line of its own', () => {
    const lines = describeBriefly(aReport(later)).split('\n');
    const explanations = ['Objective', 'Metrics'].map(
      (name) => lines[lines.indexOf(`****** ${name} Assessment ******`) + 1],
    );
    expect(explanations).toEqual([
      '> Identifies whether or not the experiment objectives are satisfied by the most recently observed metrics values for each version.',
      '> Most recently read values of experiment metrics for each version.',
    ]);
  });

  test.each([
    ['High', 'higher better', ' 12.000 *', ' 9.500  '],
    ['Low', 'lower better', '12.000  ', '9.500 *'],
  ] as const)('marks the best reward when %s is better', (preferredDirection, label, baseline, candidate) => {
    const definition = { namespace: 'default', name: 'engagement', type: 'gauge', units: 'seconds' } as const;
    const metrics = { engagement: { ...definition, source: { kind: 'mock', levels: {} } } } as const;
    const reward = { metric: 'engagement', preferredDirection } as const;
    const report = aReport({ ...later, testingPattern: 'A/B', metrics, reward });
    const [judged] = report.judged;
    if (judged === undefined) throw new Error('the report has a candidate');
    const compared = { verdict: 'undecided', reason: 'why', baseline: 12, candidate: 9.5 } as const;
    const text = describeBriefly({ ...report, judged: [{ ...judged, reward: compared }] });
    expect(text).toContain(
      "****** Reward Assessment ******\n> Identifies values of reward metrics for each version. The best version is marked with a '*'.\n",
    );
    const [row = ''] = text.split('\n').filter((line) => line.includes('engagement'));
    // iter8ctl has no units here.
    expect(row).toContain(`| engagement (${label}) |`);
    expect(row).toContain(baseline.trim());
    expect(row).toContain(candidate.trim());
    expect(row.match(/\*/g)).toHaveLength(1);
  });
});

/** The part that iter8ctl does not have. */
function beyond(changes: Parameters<typeof aReport>[0]): string {
  const text = describe(aReport({ assessment: anAssessment({ objectives: [], metrics: [] }), ...changes }));
  return text.slice(text.search(/\*{6} (Outcome|Traffic) \*{6}/));
}

suite('describe, beyond iter8ctl', () => {
  test('explains the traffic and when the next observation is due', () => {
    expect(beyond({})).toBe(
      `
****** Traffic ******
current (sample-app-v1): 60 %
candidate (sample-app-v2): 40 %
As planned last, confirmed by the cluster
Reason: climbs by 10 to 40 %
Next observation: 2026-11-23 10:01:00 UTC
Iterations left: 1 of 5, as planned to 2026-11-23 10:01:00 UTC`.trim(),
    );
  });

  test.each([
    [2, 'Iterations left: 3 of 5, as planned to 2026-11-23 10:01:24 UTC'],
    [6, 'Iterations left: none of 5, it goes on until it is decided'],
  ])('says after %i iterations how long it still takes', (completedIterations, line) => {
    expect(beyond({ completedIterations })).toContain(line);
  });

  test('says nothing about the traffic before the first step was written', () => {
    const { startedAtMs: _, ...report } = aReport({ stage: 'Waiting', completedIterations: 0 });
    expect(describe(report)).not.toContain('Traffic');
  });

  test('shows every flag with who, since when and why', () => {
    const suspects = [
      anObjective('error-rate', 0.01, '40 of 100 requests, suspect: error-rate 0.050 > limit 0.010', { suspect: true }),
    ];
    const text = beyond({
      assessment: anAssessment({ objectives: suspects }),
      suspect: true,
      abortRequested: { by: 'alice', reason: 'checkout is broken', atMs: startedAtMs },
      paused: { by: 'bob', atMs: startedAtMs },
      blind: { sinceMs: startedAtMs, reason: 'connection refused' },
      awaitingApproval: { sinceMs: startedAtMs, untilMs: startedAtMs + 60_000 },
      approved: { atMs: startedAtMs },
      waitingFor: {
        temporalAddress: 'temporal:7233',
        temporalNamespace: 'default',
        workflowId: 'experiment/default/other',
        firstRunId: 'f',
        why: 'it is running',
      },
    });
    expect(text).toContain(
      `
****** State ******
Aborting: at 2026-11-23 10:00:00 UTC by alice: checkout is broken
Waiting: for experiment/default/other (namespace default at temporal:7233): it is running
Blind: since 2026-11-23 10:00:00 UTC: connection refused
Suspect: 40 of 100 requests, suspect: error-rate 0.050 > limit 0.010
Paused: at 2026-11-23 10:00:00 UTC by bob
Awaiting approval: since 2026-11-23 10:00:00 UTC, rolls back at 2026-11-23 10:01:00 UTC
Approved: at 2026-11-23 10:00:00 UTC
`,
    );
  });

  test('shows the outcome with its reason and its times, and drops the flags', () => {
    const text = beyond({
      stage: 'Completed',
      outcome: 'RolledBack',
      reason: 'failed: error-rate 0.031 > limit 0.010, 4120 requests',
      completedAtMs: startedAtMs + 75_000,
      timeToSafeMs: 420,
      paused: { atMs: startedAtMs },
      weights: { baseline: 100, candidates: [0], confirmed: false },
    });
    expect(text).toContain(
      `
****** Outcome ******
Outcome: RolledBack
Reason: failed: error-rate 0.031 > limit 0.010, 4120 requests
Completed: 2026-11-23 10:01:15 UTC
Time from the first step: 1 min 15 s
Time to safe: 0.4 s
`.trim(),
    );
    expect(text).toContain('As planned last, not confirmed by the cluster');
    expect(text).not.toContain('State');
    expect(text).not.toContain('Next observation');
  });

  test('lists the latest iterations with weights, requests and reasons', () => {
    const record = {
      atMs: startedAtMs,
      weightsBefore: [10],
      weightsAfter: [20],
      requests: [120],
      reason: 'climbs by 10 to 20 %',
    };
    const { requests: _requests, ...blind } = {
      ...record,
      iteration: 12,
      weightsBefore: [20],
      reason: 'blind, weight held: connection refused by prometheus:9090 for a while',
    };
    const history = [...Array.from({ length: 11 }, (_, index) => ({ ...record, iteration: index + 1 })), blind];
    const text = beyond({ history });
    expect(text).not.toContain('|         2 |');
    expect(text).toContain('|         3 | 10:00:00   | 10 % -> 20 %     |         120 | climbs by 10 to 20 %');
    expect(text).toContain(
      '|        12 | 10:00:00   | 20 %             | unavailable | blind, weight held: connection refused by prometheus:9090',
    );
  });

  test('wraps long warnings below their beginning', () => {
    const warning = `experiment.yaml:30:5 spec.baseline: ${'moved '.repeat(20)}`.trim();
    const lines = beyond({ warnings: [warning, 'second'] }).split('\n');
    expect(lines.at(-1)).toBe('- second');
    expect(lines.at(-2)).toMatch(/^ {2}moved/);
    expect(lines.at(-3)).toMatch(/^- experiment\.yaml:30:5 spec\.baseline: moved/);
  });

  test('is readable before the manifest has been read', () => {
    const {
      winner: _w,
      startedAtMs: _s,
      ...report
    } = aReport({
      stage: 'Waiting',
      name: '',
      namespace: '',
      target: { namespace: '', name: '' },
      testingPattern: '',
      deploymentPattern: '',
      completedIterations: 0,
      judged: [],
    });
    expect(describe(report)).toContain(
      'Experiment name: unavailable\nExperiment namespace: unavailable\nTarget: unavailable\n',
    );
  });

  test('is plain ASCII', () => {
    expect(describe(aReport())).toMatch(/^[\n -~]*$/);
  });
});
