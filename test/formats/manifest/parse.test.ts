import { sequentialAnalysis, thresholdAnalysis } from '../../../core/experiment/analysis.ts';
import type { ExperimentChanges } from '../../support/builders.ts';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { experimentDefaults } from '../../../core/experiment/experiment.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import { formatIssue } from '../../../formats/document/issue.ts';
import { parseExperiment, parseExperimentObject, parseManifest } from '../../../formats/manifest/parse.ts';
import { readYaml } from '../../../formats/document/yaml.ts';

const seed = readManifestFile('seed.yaml');
const sample = readManifestFile('iter8-sample.yaml');

function readManifestFile(name: string): string {
  return readFileSync(new URL(`../manifests/${name}`, import.meta.url), 'utf8');
}

function accepted(text: string): { experiment: Experiment; warnings: string[] } {
  const reading = parseExperiment(text, 'experiment.yaml');
  if (reading.kind === 'invalid') throw new Error(reading.issues.map(formatIssue).join('\n'));
  return { experiment: reading.experiment, warnings: reading.warnings.map(formatIssue) };
}

function issues(text: string): string[] {
  const reading = parseExperiment(text, 'experiment.yaml');
  return reading.kind === 'ok' ? [] : reading.issues.map(formatIssue);
}

/** The sample with one text replaced, which must be there. */
function edited(from: string, to: string): string {
  expect(sample).toContain(from);
  return sample.replace(from, to);
}

describe("the tutorial's manifest, byte for byte", () => {
  test('is accepted, and the misplaced versions are repaired with a warning each', () => {
    const { experiment, warnings } = accepted(seed);
    expect(warnings).toEqual([
      expect.stringContaining('experiment.yaml:24:13 spec.strategy.actions.finish[0].with.args[3]: expected a chart'),
      'experiment.yaml:42:3 spec.baseline: expected spec.versionInfo.baseline, got spec.baseline; moved under versionInfo',
      'experiment.yaml:49:3 spec.candidates: expected spec.versionInfo.candidates, got spec.candidates; moved under versionInfo',
    ]);
    expect(experiment).toMatchObject({
      name: 'canary-progressive',
      namespace: 'default',
      target: { namespace: 'default', name: 'sample-app' },
      deploymentPattern: 'Progressive',
      weights: { maxCandidateWeight: 100, maxCandidateWeightIncrement: 10 },
      intervalMs: 12_000,
      iterations: 5,
      baseline: { name: 'current', revision: 'sample-app-v1', variables: { promote: 'values' } },
      candidates: [{ name: 'candidate', revision: 'sample-app-v2', variables: { promote: 'candidate-values' } }],
      start: [{ kind: 'init-experiment' }],
      finish: [{ kind: 'exec', command: 'helm', interpolate: true }],
      objectives: [
        { metric: 'mean-latency', upperLimit: 50, rollbackOnFailure: false },
        { metric: '95th-percentile-tail-latency', upperLimit: 100, rollbackOnFailure: false },
        { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: false },
      ],
    });
  });

  test('keeps the places of the file for what was moved', () => {
    const broken = seed.replace('name: candidate\n', 'name: candidate\n    weight: 5\n');
    expect(issues(broken)).toEqual([
      'experiment.yaml:51:5 spec.candidates[0].weight: expected one of name, variables, weightObjRef, got "weight"',
    ]);
  });
});

describe('metrics beside an experiment', () => {
  const metric = (name: string, more = '') =>
    `---\napiVersion: iter8.tools/v2alpha2\nkind: Metric\nmetadata: { name: ${name} }\nspec: { mock: [{ name: current, level: '1' }]${more} }\n`;
  const experiment = sample.replace('metric: mean-latency', 'metric: clicks');

  test('are the definitions that it uses, and those that count their samples', () => {
    const text = experiment + metric('clicks', ', sampleSize: sessions') + metric('sessions') + metric('unused');
    const { experiment: read, warnings } = accepted(text);
    expect(Object.keys(read.metrics ?? {})).toEqual(['default/sessions', 'clicks']);
    expect(warnings).toEqual([]);
  });

  test('are looked for in the cluster where the file has none, which lint says', () => {
    expect(accepted(experiment).warnings).toEqual([
      expect.stringMatching(/objectives\[0\]\.metric: expected a built-in metric, got clicks, which must be a Metric/),
    ]);
  });

  test.each([
    ['an indicator', '    objectives:', '    indicators: [impressions]\n    objectives:', 'criteria.indicators[0]'],
    ['the request count', '    objectives:', '    requestCount: impressions\n    objectives:', 'criteria.requestCount'],
  ])('are looked for in the cluster for %s too', (_, from, to, path) => {
    expect(accepted(edited(from, to)).warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^experiment\\.yaml:\\d+:\\d+ spec\\.${path.replaceAll(/[.[\]]/g, '\\$&')}: .*impressions`),
      ),
    ]);
  });

  test('are looked for in the cluster for a reward too', () => {
    const rewarded = edited(
      '    objectives:',
      '    rewards: [{ metric: impressions, preferredDirection: High }]\n    objectives:',
    ).replace('testingPattern: Canary', 'testingPattern: A/B');
    expect(accepted(rewarded).warnings).toEqual([expect.stringContaining('spec.criteria.rewards[0].metric: ')]);
  });

  test("are what a built-in metric's bare name means, which lint says", () => {
    const { experiment: read, warnings } = accepted(sample + metric('mean-latency'));
    expect(read.objectives[0]?.metric).toBe('default/mean-latency');
    expect(Object.keys(read.metrics)).toEqual(['default/mean-latency']);
    expect(warnings).toEqual([
      expect.stringMatching(
        /objectives\[0\]\.metric: expected a name that no built-in metric has, got mean-latency; the Metric default\/mean-latency is meant/,
      ),
    ]);
  });

  test("are not what iter8's namespace means, nor what a Metric of another namespace does", () => {
    const prefixed = edited('metric: mean-latency', 'metric: iter8-knative/mean-latency');
    expect(accepted(prefixed + metric('mean-latency')).experiment.objectives[0]?.metric).toBe('mean-latency');
    const elsewhere = metric('mean-latency').replace('name: mean-latency', 'name: mean-latency, namespace: other');
    expect(accepted(sample + elsewhere).experiment.objectives[0]?.metric).toBe('mean-latency');
  });

  test('are refused where a name would mean both', () => {
    const both = edited('metric: error-rate', 'metric: iter8-knative/mean-latency');
    expect(issues(both + metric('mean-latency'))).toEqual([expect.stringContaining('expected namespace/mean-latency')]);
  });

  test('are read with their own places', () => {
    expect(issues(experiment + metric('clicks', ', typ: Gauge'))).toEqual([
      expect.stringMatching(/^experiment\.yaml:\d+:\d+ spec\.typ: expected one of/),
    ]);
  });
});

describe('a limit that no value can reach, or that none can keep', () => {
  const why = {
    percent: 'got 5, which can never be reached: error-rate is a share from 0 to 1; 5 % is 0.05',
    negative: 'got -1, which can never be kept: mean-latency is above 0 milliseconds',
  };
  const sequential = (text: string): string =>
    text.replace('metadata:', 'metadata:\n  annotations: { serin.dev/analysis: sequential }');

  test.each([
    ['"0.01"', '5', why.percent],
    ['upperLimit: 50', 'upperLimit: -1', why.negative],
  ])('is said of %s -> %s, under threshold as a warning, and under sequential as a reason', (from, to, words) => {
    const text = edited(from, to);
    expect(accepted(text).warnings).toEqual([
      expect.stringContaining(`expected a limit that tells versions apart, ${words}`),
    ]);
    expect(issues(sequential(text))).toEqual([expect.stringContaining(words)]);
  });

  test('is said of counts under sequential too, which compares them as they are', () => {
    const text = sequential(edited('metric: error-rate', 'metric: error-count').replace('"0.01"', '-1'));
    expect(accepted(text).warnings).toEqual([
      expect.stringContaining('got -1, which can never be kept: error-count is 0 or more'),
    ]);
  });
});

describe("iter8's sample file", () => {
  test('is accepted without a warning', () => {
    const { experiment, warnings } = accepted(sample);
    expect(warnings).toEqual([]);
    expect(experiment).toMatchObject({
      weights: { maxCandidateWeight: 75, maxCandidateWeightIncrement: 20 },
      intervalMs: 10_000,
      iterations: 7,
      baseline: { variables: { promote: 'baseline' } },
    });
  });

  test('reads the same as text, as bytes and as an object', () => {
    const { experiment } = accepted(sample);
    const value = readYaml(sample);
    const object = value.kind === 'read' && typeof value.value === 'object' && value.value !== null ? value.value : {};
    for (const input of [sample, new TextEncoder().encode(sample), object, JSON.stringify(object)]) {
      expect(parseManifest(input, 'x')).toEqual({ kind: 'ok', experiment, warnings: [] });
    }
  });

  test('is accepted as kubectl prints it', () => {
    const { experiment } = accepted(sample);
    const reading = readYaml(sample);
    const value = reading.kind === 'read' ? reading.value : undefined;
    const printed = {
      ...(value as Record<string, unknown>),
      metadata: {
        name: 'canary-progressive',
        uid: 'x',
        generation: 1,
        managedFields: [],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
      status: { stage: 'Running' },
    };
    expect(parseExperimentObject(printed, 'x')).toEqual({ kind: 'ok', experiment, warnings: [] });
  });

  test('is found among other documents', () => {
    expect(accepted(`kind: Namespace\n---\n${sample}`).experiment.name).toBe('canary-progressive');
  });
});

describe('v2alpha2', () => {
  test('names tasks and metrics in its own way', () => {
    const text = sample
      .replace('v2alpha1', 'v2alpha2')
      .replace('library: knative\n        task: init-experiment', 'task: knative/init-experiment')
      .replace('library: common\n        task: exec', 'task: common/exec')
      .replace('metric: mean-latency', 'metric: iter8-knative/mean-latency');
    const { experiment } = accepted(text);
    const writtenMetrics = { 'mean-latency': ['iter8-knative/mean-latency'] };
    expect(experiment).toEqual({ ...accepted(sample).experiment, apiVersion: 'iter8.tools/v2alpha2', writtenMetrics });
  });
});

describe('fields', () => {
  test.each<[string, string, string, Partial<Experiment>]>([
    [
      'deploymentPattern',
      'deploymentPattern: Progressive',
      'deploymentPattern: FixedSplit',
      { deploymentPattern: 'FixedSplit' },
    ],
    ['maxLoops', 'iterationsPerLoop: 7', 'iterationsPerLoop: 7\n    maxLoops: 3', { iterations: 21 }],
    ['intervalSeconds', 'intervalSeconds: 10', 'intervalSeconds: 1', { intervalMs: 1000 }],
    [
      'a bare target',
      'target: default/sample-app',
      'target: other',
      { target: { namespace: 'default', name: 'other' } },
    ],
    ['namespace', 'name: canary-progressive', 'name: canary-progressive\n  namespace: shop', { namespace: 'shop' }],
    ['requestCount', '  criteria:', '  criteria:\n    requestCount: request-count', { indicators: ['request-count'] }],
    ['indicators', '  criteria:', '  criteria:\n    indicators: [error-count]', { indicators: ['error-count'] }],
  ])('%s is read', (_, from, to, expected) => {
    expect(accepted(edited(from, to)).experiment).toMatchObject(expected);
  });

  test.each<[string, string, object]>([
    ['limits as quantities', 'upperLimit: 50m', { upperLimit: 0.05 }],
    ['lower limits', 'lowerLimit: 2', { lowerLimit: 2 }],
    ['rollback_on_failure', 'upperLimit: 50\n      rollback_on_failure: true', { rollbackOnFailure: true }],
  ])('%s are read', (_, to, expected) => {
    expect(accepted(edited('upperLimit: 50', to)).experiment.objectives[0]).toMatchObject(expected);
  });

  test('disableInterpolation keeps the braces', () => {
    const text = edited('cmd: helm', 'cmd: echo\n          disableInterpolation: true');
    expect(accepted(text).experiment.finish).toMatchObject([{ command: 'echo', interpolate: false }]);
  });

  test('without a revision variable the version name is the revision', () => {
    const text = edited('      - name: revision\n        value: sample-app-v1\n', '');
    expect(accepted(text).experiment.baseline.revision).toBe('current');
  });

  test('everything that is left out has the default of its table', () => {
    const { experiment } = accepted(
      sample.replace(/ {2}duration:\n.*\n.*\n/, '').replace(/ {4}deploymentPattern.*\n {4}weights:\n.*\n.*\n/, ''),
    );
    expect(experiment.intervalMs).toBe(experimentDefaults.intervalSeconds * 1000);
    expect(experiment.iterations).toBe(experimentDefaults.iterationsPerLoop);
    expect(experiment.deploymentPattern).toBe(experimentDefaults.deploymentPattern);
    expect(experiment.weights.maxCandidateWeightIncrement).toBe(experimentDefaults.maxCandidateWeightIncrement);
    const { minSamples, tolerance, errorClass, approval, approvalLimitMs, blindLimitMs, onBlind } = experimentDefaults;
    expect(experiment).toMatchObject({
      minSamples,
      tolerance,
      errorClass,
      approval,
      approvalLimitMs,
      blindLimitMs,
      onBlind,
    });
  });
});

describe('annotations', () => {
  const annotated = (name: string, value: string): string =>
    edited('name: canary-progressive', `name: canary-progressive\n  annotations:\n    ${name}: ${value}`);

  test.each<[string, string, ExperimentChanges]>([
    ['serin.dev/approval', 'required', { approval: 'required' }],
    ['serin.dev/approval-limit', '1h30m', { approvalLimitMs: 5_400_000 }],
    ['serin.dev/on-approval-limit', 'promote', { onApprovalLimit: 'promote' }],
    ['serin.dev/remind-every', '4h', { remindEveryMs: 14_400_000 }],
    [
      'serin.dev/calendar',
      '"closed: [{ name: Christmas, from: 2026-12-18T12:00, to: 2027-01-04T08:00 }]"',
      {
        calendar: {
          open: [],
          closed: [{ name: 'Christmas', from: '2026-12-18T12:00', to: '2027-01-04T08:00', timeZone: 'UTC' }],
        },
      },
    ],
    [
      'serin.dev/approvers',
      'ann, group:sre',
      { approval: 'required', approvers: { users: ['ann'], groups: ['sre'], count: 1 } },
    ],
    [
      'serin.dev/approvers',
      '2 of system:serviceaccount:shop:ann, bob',
      { approval: 'required', approvers: { users: ['system:serviceaccount:shop:ann', 'bob'], groups: [], count: 2 } },
    ],
    ['serin.dev/blind-limit', '90s', { blindLimitMs: 90_000 }],
    ['serin.dev/on-blind', 'hold', { onBlind: 'hold' }],
    ['serin.dev/when-held', 'replace', { whenHeld: 'replace' }],
    ['serin.dev/min-samples', '"500"', { minSamples: 500 }],
    ['serin.dev/tolerance', '0.25', { tolerance: 0.25 }],
    ['serin.dev/errors', 'not-2xx', { errorClass: 'not-2xx' }],
    ['serin.dev/readiness-limit', '30s', { readinessLimitMs: 30_000 }],
    ['serin.dev/candidate-grace', '10s', { candidateGraceMs: 10_000 }],
    ['serin.dev/task-limit', '2m', { taskLimitMs: 120_000 }],
    ['serin.dev/finish-on-abort', '"true"', { finishOnAbort: true }],
    ['serin.dev/analysis', 'sequential', { analysis: sequentialAnalysis }],
    ['serin.dev/analysis', 'threshold', { analysis: thresholdAnalysis }],
    ['serin.dev/confidence', '"0.99"', { analysis: { ...thresholdAnalysis, falsePass: 0.01, falseFail: 0.01 } }],
    ['serin.dev/tolerance', '0.1', { analysis: { ...thresholdAnalysis, latencyTolerance: 0.1 } }],
    ['serin.dev/warm-up', '30s', { analysis: { ...thresholdAnalysis, warmUpMs: 30_000 } }],
    [
      'serin.dev/guard',
      '"2s"\n    serin.dev/analysis: sequential',
      { analysis: { ...sequentialAnalysis, guardMs: 2_000 } },
    ],
    ['serin.dev/undecided', 'pointEstimate', { analysis: { ...thresholdAnalysis, undecided: 'pointEstimate' } }],
    ['serin.dev/longest-extension', '1h', { analysis: { ...thresholdAnalysis, longestExtensionMs: 3_600_000 } }],
    ['serin.dev/dispersion', '"2.5"', { analysis: { ...thresholdAnalysis, dispersion: 2.5 } }],
    ['serin.dev/on-suspect', 'backoff', { analysis: { ...thresholdAnalysis, onSuspect: 'backoff' } }],
    ['serin.dev/common-outage', 'hold', { analysis: { ...thresholdAnalysis, commonOutage: 'hold' } }],
    ['serin.dev/steps', '"5,10, 50"', { analysis: { ...thresholdAnalysis, steps: [5, 10, 50] } }],
    ['serin.dev/risk-budget', '"10"', { analysis: { ...thresholdAnalysis, riskBudget: 10 } }],
  ])('%s sets %s (T13)', (name, value, expected) => {
    expect(accepted(annotated(name, value)).experiment).toMatchObject(expected);
  });

  test('of ratios to the baseline make objectives, which roll back as those of the metric do', () => {
    const ratios = annotated('serin.dev/max-ratio-to-baseline', "'iter8-knative/error-rate=1.5, mean-latency = 120%'");
    const decisive = (text: string): string => text.replace('"0.01"', '"0.01"\n      rollback_on_failure: true');
    const { experiment, warnings } = accepted(decisive(ratios));
    expect(experiment.objectives).toEqual([
      ...accepted(decisive(sample)).experiment.objectives,
      { metric: 'error-rate', maxRatioToBaseline: 1.5, rollbackOnFailure: true },
      { metric: 'mean-latency', maxRatioToBaseline: 1.2, rollbackOnFailure: false },
    ]);
    expect(warnings).toEqual(accepted(sample).warnings);
  });

  test('of ratios to the baseline need one', () => {
    const text = JSON.stringify({
      apiVersion: 'iter8.tools/v2alpha2',
      kind: 'Experiment',
      metadata: { name: 'app', annotations: { 'serin.dev/max-ratio-to-baseline': 'error-rate=2' } },
      spec: {
        target: 'default/app',
        strategy: { testingPattern: 'Conformance' },
        versionInfo: { baseline: { name: 'app-v1' } },
      },
    });
    expect(issues(text)).toEqual([
      expect.stringContaining(
        'metadata.annotations."serin.dev/max-ratio-to-baseline": expected no ratio to the baseline in a Conformance',
      ),
    ]);
  });

  test('name metrics as the criteria do', () => {
    const { warnings } = accepted(annotated('serin.dev/max-ratio-to-baseline', 'shop/basket=1.5'));
    expect(warnings).toContain(
      'experiment.yaml:6:38 metadata.annotations."serin.dev/max-ratio-to-baseline": expected a built-in metric, got shop/basket, which must be a Metric in the cluster when the experiment starts',
    );
  });

  test('leave an undecided run four times its planned duration', () => {
    const { experiment } = accepted(annotated('serin.dev/undecided', 'extend'));
    expect(experiment.analysis.longestExtensionMs).toBe(4 * experiment.iterations * experiment.intervalMs);
  });

  test('of an analysis must fit the objectives', () => {
    const both = edited(
      'name: canary-progressive',
      'name: canary-progressive\n  annotations:\n    serin.dev/analysis: sequential',
    );
    const lower = both.replace('upperLimit: 50', 'lowerLimit: 5\n      upperLimit: 50').replace('"0.01"', '"0"');
    expect(issues(lower)).toEqual([
      'experiment.yaml:36:19 spec.criteria.objectives[0].lowerLimit: expected none under the sequential analysis, which tests upper limits, got 5',
      'experiment.yaml:41:19 spec.criteria.objectives[2].upperLimit: expected a limit above 0 under the sequential analysis, which tests upper limits, got 0',
    ]);
    const unlimited = annotated('serin.dev/risk-budget', '"10"').replace('error-rate', 'error-count');
    expect(issues(unlimited)).toEqual([
      'experiment.yaml:6:28 metadata.annotations."serin.dev/risk-budget": expected an objective with an upperLimit on error-rate, beyond which the budget counts, got none',
    ]);
  });

  test('of common outages cannot blame the candidate under the sequential analysis', () => {
    const blaming = annotated('serin.dev/common-outage', 'blame');
    expect(accepted(blaming).experiment.analysis).toEqual(accepted(sample).experiment.analysis);
    expect(
      issues(blaming.replace('serin.dev/common-outage', 'serin.dev/analysis: sequential\n    serin.dev/common-outage')),
    ).toEqual([
      'experiment.yaml:7:30 metadata.annotations."serin.dev/common-outage": expected hold under the sequential analysis, which compares the candidate with the baseline, got blame',
    ]);
  });

  test.each([
    ['2s', '', 'a guard under the sequential analysis only, got threshold'],
    ['20s', 'serin.dev/analysis: sequential', 'less than the interval of 10 s, got 20 s'],
  ])('of a guard every %s beside "%s" are refused', (guard, beside, expected) => {
    const text = annotated('serin.dev/guard', `${guard}${beside === '' ? '' : `\n    ${beside}`}`);
    expect(issues(text)).toEqual([expect.stringContaining(`"serin.dev/guard": expected ${expected}`)]);
  });

  test('of a guard are refused where no traffic moves, and where tasks count the requests', () => {
    const annotations = { 'serin.dev/guard': '2s', 'serin.dev/analysis': 'sequential' };
    const collect = {
      task: 'metrics/collect',
      with: { versions: [{ name: 'app-v1', url: 'http://app.example.com' }] },
    };
    const conformance = {
      apiVersion: 'iter8.tools/v2alpha2',
      kind: 'Experiment',
      metadata: { name: 'app', annotations },
      spec: {
        target: 'default/app',
        strategy: { testingPattern: 'Conformance', actions: { start: [collect] } },
        versionInfo: { baseline: { name: 'app-v1' } },
      },
    };
    expect(issues(JSON.stringify(conformance))).toContainEqual(
      expect.stringContaining('"serin.dev/guard": expected no guard in a Conformance experiment'),
    );
  });

  test('of somebody else are left alone', () => {
    expect(accepted(annotated('example.com/x', 'y')).warnings).toEqual([]);
  });

  test('with a wrong value are refused at their place', () => {
    expect(issues(annotated('serin.dev/min-samples', 'many'))).toEqual([
      'experiment.yaml:6:28 metadata.annotations."serin.dev/min-samples": expected a whole number of requests, got "many"',
    ]);
  });

  test.each([
    ['serin.dev/approval-limit', '0s'],
    ['serin.dev/approval-limit', '8761h'],
    ['serin.dev/tolerance', '9'.repeat(400)],
    ['serin.dev/tolerance', '-1'],
    ['serin.dev/approval', 'yes'],
    ['serin.dev/on-approval-limit', 'abort'],
    ['serin.dev/remind-every', '0s'],
    ['serin.dev/calendar', 'Christmas'],
    ['serin.dev/calendar', '"open: []"'],
    ['serin.dev/approvers', '"2 of ann"'],
    ['serin.dev/approvers', '"2 of ann, ann"'],
    ['serin.dev/approvers', '"0 of ann"'],
    ['serin.dev/approvers', '"ann,"'],
    ['serin.dev/approvers', '"group:"'],
    ['serin.dev/on-blind', 'abort'],
    ['serin.dev/when-held', 'abort'],
    ['serin.dev/errors', '4xx'],
    ['serin.dev/finish-on-abort', '"yes"'],
    ['serin.dev/constructor', 'x'],
    ['serin.dev/analysis', 'bayesian'],
    ['serin.dev/confidence', '"1"'],
    ['serin.dev/confidence', '"0.4"'],
    ['serin.dev/undecided', 'promote'],
    ['serin.dev/dispersion', '"0.5"'],
    ['serin.dev/on-suspect', 'drop'],
    ['serin.dev/steps', '"10,5"'],
    ['serin.dev/steps', '"50,101"'],
    ['serin.dev/steps', '"a,b"'],
    ['serin.dev/risk-budget', '"0"'],
    ['serin.dev/max-ratio-to-baseline', '"1.5"'],
    ['serin.dev/max-ratio-to-baseline', 'mean-latency=0'],
    ['serin.dev/max-ratio-to-baseline', 'mean-latency=fast'],
    ['serin.dev/max-ratio-to-baseline', 'mean-latency=1=2'],
    ['serin.dev/max-ratio-to-baseline', 'mean-latency=1.2,'],
    ['serin.dev/max-ratio-to-baseline', 'mean-latency=1.2,iter8-knative/mean-latency=2'],
  ])('%s: %s is refused', (name, value) => {
    expect(issues(annotated(name, value))).toEqual([
      expect.stringContaining(`metadata.annotations."${name}": expected`),
    ]);
  });

  test.each([
    ['approval', 'none', 'required, since approvers are named, got none'],
    [
      'on-approval-limit',
      'promote',
      'rollback, since a promotion that people must approve is not made by time, got promote',
    ],
  ])('that name approvers go with no %s: %s', (name, value, problem) => {
    const both = `serin.dev/approvers: ann\n    serin.dev/${name}`;
    expect(issues(annotated(both, value))).toEqual([
      expect.stringContaining(`metadata.annotations."serin.dev/${name}": expected ${problem}`),
    ]);
  });

  test('that serin does not know are refused with the list of those it knows', () => {
    expect(issues(annotated('serin.dev/aproval', 'required'))[0]).toContain(
      'expected one of serin.dev/approval, serin.dev/',
    );
  });
});

describe('mistakes', () => {
  test('come all at once, in the order of the file', () => {
    const text = sample
      .replace('testingPattern: Canary', 'testingPattern: A/B')
      .replace('upperLimit: 50', 'upperLimit: fifty')
      .replace('{{ .promote }}', '{{ .promoted }}')
      .replace('intervalSeconds: 10', 'intervalSeconds: 0');
    expect(issues(text)).toEqual([
      'experiment.yaml:30:13 spec.strategy.actions.finish[0].with.args[7]: expected variables of the version, got {{ .promoted }} at character 103 is not among .name, .revision, .promote (version current)',
      'experiment.yaml:32:5 spec.criteria.rewards: expected exactly one reward in an A/B experiment, got 0',
      'experiment.yaml:34:19 spec.criteria.objectives[0].upperLimit: expected a quantity such as 50, "0.01" or 10m, got "fifty"',
      'experiment.yaml:40:22 spec.duration.intervalSeconds: expected an integer from 1 to 31536000, got 0',
    ]);
  });

  test.each<[string, string, string, string]>([
    [
      'an unknown field',
      'testingPattern: Canary',
      'testingPattern: Canary\n    colour: blue',
      'spec.strategy.colour: expected one of testingPattern, deploymentPattern, actions, weights, got "colour"',
    ],
    ['A/B/N without a reward', 'Canary', 'A/B/N', 'expected exactly one reward in an A/B/N experiment, got 0'],
    ['a candidate of Conformance', 'Canary', 'Conformance', 'expected no candidate in a Conformance experiment, got 1'],
    [
      'a reward of Canary',
      '    objectives:',
      '    rewards: [{ metric: mean-latency, preferredDirection: Low }]\n    objectives:',
      'expected no reward in a Canary experiment, got 1',
    ],
    ['strength', '    objectives:', '    strength: {}\n    objectives:', 'expected no strength'],
    [
      'an action that iter8 never ran',
      '    actions:',
      '    actions:\n      begin: []',
      'expected one of start, loop, finish, got "begin"',
    ],
    [
      'a roll back action',
      '    actions:',
      '    actions:\n      rollback: []',
      "expected start, loop or finish (a roll back runs the finish actions with the baseline's variables)",
    ],
    [
      'a weight that is not of a Knative Service',
      '    - name: candidate',
      '    - name: candidate\n      weightObjRef: { apiVersion: networking.istio.io/v1alpha3, kind: VirtualService, name: x, fieldPath: ".spec.http[0]" }',
      'serving.knative.dev/v1, of a Knative Service (serin moves no traffic of other objects)',
    ],
    [
      'camel case',
      'upperLimit: 50',
      'upperLimit: 50\n      rollbackOnFailure: true',
      'expected rollback_on_failure, as iter8 spells it',
    ],
    [
      'another name of it',
      'upperLimit: 50',
      'upperLimit: 50\n      rollback: true',
      'objectives[0].rollback: expected rollback_on_failure, as iter8 spells it',
    ],
    [
      'a field that is known elsewhere',
      'testingPattern: Canary',
      'testingPattern: Canary\n    strength: 1',
      'spec.strategy.strength: expected one of testingPattern, deploymentPattern',
    ],
    [
      'another metric',
      'metric: mean-latency',
      'metric: user engagement',
      'expected one of request-count, mean-latency',
    ],
    ['no limit', '      upperLimit: 50\n', '', 'expected an upperLimit or a lowerLimit, got neither'],
    [
      'crossed limits',
      'upperLimit: 50',
      'upperLimit: 50\n      lowerLimit: 60',
      'expected at most the upperLimit 50, got 60',
    ],
    ['helm install', '"upgrade"', '"install"', 'expected a helm upgrade of one release'],
    [
      'a release named like a flag',
      '- "sample-app"',
      '- "--"\n          - "--sample-app"',
      'finish[0].with.args[5]: expected a helm upgrade of one release, got the argument "--sample-app" begins with a dash',
    ],
    [
      'a release with no legal name',
      '- "sample-app"',
      '- "Sample_App"',
      'finish[0].with.args[4]: expected a helm upgrade of one release, got "Sample_App" is no name of a release: ',
    ],
    [
      'a flag that serin does not know',
      '- "--install"',
      '- "--watch"',
      'finish[0].with.args[1]: expected a helm upgrade of one release, got --watch is not a flag that serin knows',
    ],
    ['the same revision twice', 'sample-app-v2', 'sample-app-v1', "expected a revision other than the baseline's"],
    ['the same name twice', '- name: candidate', '- name: current', "expected a name other than the baseline's"],
    [
      'a variable twice',
      '- name: promote\n        value: candidate',
      '- name: revision\n        value: x',
      'expected each variable once',
    ],
    [
      'a weight beyond 100',
      'maxCandidateWeight: 75',
      'maxCandidateWeight: 175',
      'expected an integer from 1 to 100, got 175',
    ],
    [
      'an unknown field of metadata',
      'name: canary-progressive',
      'name: canary-progressive\n  generateName: x-',
      'expected one of name, namespace, labels, annotations, got "generateName"',
    ],
    [
      'a field named like one of JavaScript',
      'testingPattern: Canary',
      'testingPattern: Canary\n    constructor: 1\n    __proto__: {}',
      'spec.strategy.constructor: expected one of testingPattern',
    ],
    [
      'a variable that is no text',
      'value: sample-app-v1',
      'value: 1.10',
      'expected text (numbers, true and false in quotes), got 1.1',
    ],
    ['an odd revision', 'value: sample-app-v1', 'value: Sample App', 'expected the name of a revision'],
    [
      'a version whose name is no revision',
      '    - name: candidate\n      variables:\n      - name: revision\n        value: sample-app-v2\n',
      '    - name: New candidate\n      variables:\n',
      'expected the name of a revision, or a variable `revision`, got "New candidate"',
    ],
    [
      'more iterations than iter8 could count',
      'iterationsPerLoop: 7',
      'iterationsPerLoop: 2000000000\n    maxLoops: 2',
      'spec.duration: expected at most 2147483647 iterations in all, got 4000000000',
    ],
    ['a limit beyond all numbers', 'upperLimit: 50', 'upperLimit: 1e999', 'expected a quantity'],
    ['helm by a path', 'cmd: helm', 'cmd: /usr/bin/helm', 'expected helm by its name (the worker knows its path)'],
    ['no command', 'cmd: helm', 'cmd: ""', 'with.cmd: expected text, got ""'],
    [
      'no candidate',
      /\n {4}candidates:[^]*/.exec(sample)?.[0] ?? '',
      '\n    candidates: []',
      'expected exactly one candidate, got 0',
    ],
    ['an odd target', 'target: default/sample-app', 'target: a/b/c', 'expected namespace/name of a Knative Service'],
    ['another version', 'v2alpha1', 'v3', 'expected iter8.tools/v2alpha1 or iter8.tools/v2alpha2'],
    [
      'a task of iter8',
      'task: init-experiment',
      'task: collect',
      'expected one of knative/init-experiment, common/exec',
    ],
  ])('%s is refused by name', (_, from, to, expected) => {
    expect(issues(edited(from, to)).join('\n')).toContain(expected);
  });

  test('a task of iter8 that serin does not run is refused as such', () => {
    const text = edited('library: knative\n        task: init-experiment', 'task: gitops/helmex-update');
    expect(issues(text).join('\n')).toContain('which iter8 knew and serin does not support');
  });

  test('a file that is not YAML has one issue with its place', () => {
    expect(issues('a: [b\nc: d')).toEqual([
      'experiment.yaml:2:1 (document): expected YAML or JSON, got deficient indentation',
    ]);
  });

  test('no experiment, or two, among several documents is refused', () => {
    expect(issues('kind: A\n---\nkind: B')[0]).toContain(
      'expected one document of kind Experiment, got 0 in 2 documents',
    );
    expect(issues(`${sample}\n---\n${sample}`)[0]).toContain('got 2 in 2 documents');
  });

  test('in an object have no line', () => {
    const reading = parseExperimentObject({ kind: 'Experiment' }, 'input');
    expect(reading.kind === 'invalid' && reading.issues.map(formatIssue)).toContain(
      'input apiVersion: expected iter8.tools/v2alpha1 or iter8.tools/v2alpha2, got nothing',
    );
  });
});

describe('aliases', () => {
  test('stand for what they name', () => {
    const text = sample
      .replace('upperLimit: 50', 'upperLimit: &limit 50')
      .replace('upperLimit: 100', 'upperLimit: *limit');
    expect(accepted(text).experiment.objectives.map(({ upperLimit }) => upperLimit)).toEqual([50, 50, 0.01]);
  });

  test('are merged where a merge key says so', () => {
    const text = edited('upperLimit: 50', '<<: { upperLimit: 60 }');
    expect(accepted(text).experiment.objectives[0]?.upperLimit).toBe(60);
  });

  test('that would fill the memory are refused', () => {
    const levels = Array.from({ length: 20 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]`);
    expect(issues(['a0: &a0 [x, x]', ...levels, sample].join('\n'))[0]).toContain(
      'expected aliases that stand for at most 50000 entries in all',
    );
    expect(issues(`a: &a x\nb: [${'*a, '.repeat(101)}]`)[0]).toContain('aliases exceeded maxAliases');
  });

  test('that contain themselves are refused', () => {
    expect(issues(`x: &x { x: *x, y: *x }\n${sample}`)[0]).toContain('x: expected one of apiVersion');
  });
});

describe('any text', () => {
  test('is read or refused, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => sample.replace('Canary', text)),
        ),
        (text) => {
          expect(['ok', 'invalid']).toContain(parseExperiment(text, 'x').kind);
        },
      ),
    );
  });

  test('has its issues at places inside the text', () => {
    const lines = fc.array(fc.nat({ max: sample.split('\n').length - 1 }), { maxLength: 4 });
    fc.assert(
      fc.property(lines, (removed) => {
        const text = sample
          .split('\n')
          .filter((_, index) => !removed.includes(index))
          .join('\n');
        const reading = parseExperiment(text, 'x');
        const found = reading.kind === 'invalid' ? reading.issues : reading.warnings;
        for (const { line = 1, column = 1 } of found) {
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
          expect(column).toBeLessThanOrEqual((text.split('\n')[line - 1] ?? '').length + 1);
        }
      }),
    );
  });
});
