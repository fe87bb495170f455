import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { sequentialAnalysis } from '../../../../core/experiment/analysis.ts';
import { renderArgs } from '../../../../core/tasks/task.ts';
import type { ExecTask } from '../../../../core/tasks/task.ts';
import { convertManifest } from '../../../../formats/manifest/convert.ts';
import { formatIssue } from '../../../../formats/document/issue.ts';
import { parseExperiment } from '../../../../formats/manifest/parse.ts';
import { readYaml } from '../../../../formats/document/yaml.ts';

const folder = new URL('../../manifests/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml') && name !== 'native.yaml');
const native = await readFile(new URL('native.yaml', folder), 'utf8');

function accepted(text: string) {
  const reading = parseExperiment(text, 'experiment.yaml');
  if (reading.kind === 'invalid') throw new Error(reading.issues.map(formatIssue).join('\n'));
  return reading;
}

function issues(from: string, to: string): string[] {
  expect(native).toContain(from);
  const reading = parseExperiment(native.replace(from, to), 'experiment.yaml');
  return reading.kind === 'ok' ? [] : reading.issues.map(formatIssue);
}

const least = 'apiVersion: serin.dev/v1alpha1\nkind: Experiment\nmetadata: { name: app }\nspec: { target: app }\n';

describe("serin's own form", () => {
  test('says everything that an experiment has', () => {
    const { experiment } = accepted(native);
    expect(experiment).toMatchObject({
      target: { namespace: 'shop', name: 'checkout' },
      testingPattern: 'A/B/N',
      baseline: { name: 'baseline', revision: 'checkout-v1', variables: { revision: 'checkout-v1' } },
      candidates: [
        { name: 'fast', variables: { revision: 'checkout-v2', colour: 'green' } },
        { name: 'small', revision: 'checkout-v3' },
      ],
      objectives: [
        { metric: 'error-rate', upperLimit: 0.01, rollbackOnFailure: true },
        { metric: 'latency-99th-percentile', upperLimit: 250 },
        { metric: 'shop/basket', lowerLimit: 12.5 },
        { metric: 'mean-latency', maxRatioToBaseline: 1.2 },
      ],
      reward: { metric: 'shop/basket', preferredDirection: 'High' },
      weights: { maxCandidateWeight: 60 },
      intervalMs: 60_000,
      iterations: 30,
      iterationsPerLoop: 10,
      minSamples: 200,
      tolerance: 0.25,
      errorClass: 'not-2xx',
      approval: 'required',
      approvalLimitMs: 7_200_000,
      approvers: { users: ['ann', 'bob'], groups: ['sre'], count: 2 },
      blindLimitMs: 300_000,
      taskLimitMs: 600_000,
      finishOnAbort: true,
      whenHeld: 'replace',
      isPinned: true,
      analysis: {
        ...sequentialAnalysis,
        falsePass: 0.01,
        warmUpMs: 30_000,
        undecided: 'hold',
        dispersion: 2,
        steps: [5, 10, 30],
        riskBudget: 20,
        onSuspect: 'backoff',
      },
      notifications: [{ kind: 'slack' }],
    });
    expect(experiment.finish.map(({ kind }) => kind)).toEqual(['exec', 'http']);
  });

  test('has variables of any name', () => {
    expect(issues('colour: green', 'image-tag: green')).toEqual([]);
  });

  test('promotes by helm with the values of the winner', () => {
    const { finish, candidates, baseline } = accepted(native).experiment;
    // The promotion comes first.
    const promotion = finish[0] as ExecTask;
    const common = 'upgrade checkout checkout --repo https://charts.example.com --version 1.2.3 --timeout 120000ms';
    const argsFor = (version: typeof baseline): string => {
      const rendered = renderArgs(promotion, version);
      return rendered.kind === 'ok' ? rendered.args.join(' ') : rendered.problem;
    };
    expect([baseline, ...candidates].map(argsFor)).toEqual([
      `${common} --set-json=name="checkout-v1"`,
      `${common} --values=https://values.example.com/fast.yaml --set-json=name="checkout-v2" --set-json=resources={"cpu":2}`,
      common,
    ]);
  });

  test('needs a target only: a canary with error bounds, its versions as they are found', () => {
    expect(accepted(least).experiment).toMatchObject({
      testingPattern: 'Canary',
      deploymentPattern: 'Progressive',
      analysis: sequentialAnalysis,
      discovers: true,
      baseline: { name: 'baseline' },
      candidates: [{ name: 'candidate' }],
    });
  });

  test.each<[string, string, string, string]>([
    [
      'a share of a latency',
      'max: 0.25s',
      'max: 25%',
      '24:12 spec.objectives[1].max: expected a latency such as 100ms',
    ],
    ['a latency of a share', 'max: 1%', 'max: 10ms', '21:12 spec.objectives[0].max: expected a share such as 1%'],
    ['no limit', 'min: 12.5', '{}', 'expected'],
    [
      'steps that fall',
      '10%, 30%',
      '10%, 7%',
      'spec.traffic.steps[2]: expected more than the step before, 10%, got 7%',
    ],
    ['a name twice', 'name: small', 'name: fast', '17:15 spec.versions.candidates[1].name: expected a name other than'],
    [
      'a revision twice',
      'revision: checkout-v3',
      'revision: checkout-v1',
      "18:19 spec.versions.candidates[1].revision: expected a revision other than the baseline's",
    ],
    [
      'values of a stranger',
      '        fast:\n',
      '        quick:\n',
      'expected one of the versions baseline, fast, small',
    ],
    [
      'an unknown variable',
      'url: https://hooks.example.com/finish',
      'url: "{{ .color }}"',
      'spec.actions.finish[0].with.url',
    ],
    [
      'a revision among the variables',
      'colour: green',
      'revision: checkout-v9',
      "16:21 spec.versions.candidates[0].variables.revision: expected the version's own field revision, got a variable",
    ],
    [
      'a budget without end',
      'riskBudget: 20',
      'riskBudget: .inf',
      'expected a number of requests above 0, got Infinity',
    ],
    ['bursts without end', 'dispersion: 2', 'dispersion: .inf', 'how many requests count as one, from 1, got Infinity'],
    ['a roll back action', '    finish:\n', '    rollback: []\n    finish:\n', 'a roll back runs the finish actions'],
    [
      'a field that iter8 has elsewhere',
      'rollback: true',
      'rollbackOnFailure: true',
      'spec.objectives[0].rollbackOnFailure: expected one of metric, max, min, maxRatioToBaseline, rollback',
    ],
    ['a variable without a name', 'colour: green', '"": green', 'expected a name for every variable, got ""'],
    ['a pattern without candidates', 'A/B/N', 'Conformance', 'spec.versions.candidates: expected no candidate'],
    ['a reward of a canary', 'pattern: A/B/N', 'pattern: Canary', 'spec.reward: expected no reward in a Canary'],
    ['an annotation as a setting', 'namespace: shop', 'annotations: { serin.dev/steps: "5" }', 'a field of spec'],
    ['a task that tells nobody', 'task: notification/slack', 'task: common/exec', 'spec.notifications[0]'],
    [
      'a notification with an unknown variable',
      '        secret: slack',
      '        secret: slack\n    - { task: notification/http, with: { url: "https://a/{{ .no }}" } }',
      'spec.notifications[1].with.url: expected variables of the version, got {{ .no }}',
    ],
    ['a budget without a limit', 'max: 1%', 'maxRatioToBaseline: 2', 'spec.traffic.riskBudget: expected an objective'],
    [
      'a limit beside a ratio, which would not be tested',
      'max: 1%',
      'max: 1%\n      maxRatioToBaseline: 2',
      'spec.objectives[0].maxRatioToBaseline: expected one limit under the sequential analysis; make two objectives of them, got 2 beside 0.01',
    ],
    [
      'blame for a common outage under error bounds',
      'dispersion: 2',
      'dispersion: 2\n    commonOutage: blame',
      'spec.analysis.commonOutage: expected hold under the sequential analysis',
    ],
    [
      'a field of iter8',
      'target: checkout',
      'target: checkout\n  strategy: {}',
      'spec.strategy: expected one of target,',
    ],
  ])('refuses %s, with its place', (_, from, to, expected) => {
    expect(issues(from, to).join('\n')).toContain(expected);
  });
});

/** An iter8 manifest as JSON, with the given parts. */
function iter8Text({ metadata = {}, spec = {} }: { readonly metadata?: object; readonly spec?: object }): string {
  return JSON.stringify({
    apiVersion: 'iter8.tools/v2alpha2',
    kind: 'Experiment',
    metadata: { name: 'app', ...metadata },
    spec: {
      target: 'default/app',
      strategy: { testingPattern: 'Canary', deploymentPattern: 'Progressive' },
      ...spec,
    },
  });
}

describe('a conversion', () => {
  test.each(files)('of %s means the same', async (name) => {
    const text = await readFile(new URL(name, folder), 'utf8');
    const before = parseExperiment(text, name);
    const conversion = convertManifest(text, name);
    if (before.kind === 'invalid') return expect(conversion.kind).toBe('invalid');
    if (conversion.kind === 'invalid') throw new Error(conversion.issues.join('\n'));
    const { apiVersion, ...experiment } = accepted(conversion.text).experiment;
    const { apiVersion: _, ...expected } = before.experiment;
    expect(apiVersion).toBe('serin.dev/v1alpha1');
    expect(experiment).toEqual(expected);
  });

  test('leaves a manifest of its own form as it is', () => {
    expect(convertManifest(native, 'x')).toMatchObject({ kind: 'ok', text: native });
  });

  test.each<[string, string | number, string | number]>([
    ['error-rate', '0.01', '1%'],
    ['error-rate', 0.1 + 0.2, 0.1 + 0.2],
    ['error-rate', '1e-12', 1e-12],
    ['error-rate', '12345678', 12_345_678],
    ['mean-latency', '2.5', '2.5ms'],
    ['mean-latency', '0.0123456789123', 0.0123456789123],
    ['mean-latency', '12345678901', 12_345_678_901],
    ['request-count', '7', 7],
  ])('of a limit of %s, %s, is that very number', (metric, upperLimit, max) => {
    const conversion = convertManifest(
      iter8Text({ spec: { criteria: { objectives: [{ metric, upperLimit }] } } }),
      'x',
    );
    expect(conversion.kind === 'ok' && readYaml(conversion.text)).toMatchObject({
      value: { spec: { objectives: [{ metric, max }] } },
    });
  });

  const converted = (text: string): string => {
    const conversion = convertManifest(text, 'x');
    if (conversion.kind === 'invalid') throw new Error(conversion.issues.join('\n'));
    return conversion.text;
  };

  test('keeps what is not settings of serin, as it was written', () => {
    const labels = { team: 'shop', 'serin.dev/owner': 'x' };
    const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const annotations = { 'example.com/note': 'kept', 'serin.dev/steps': '5,10', ...lastApplied };
    const { value } = readYaml(
      converted(iter8Text({ metadata: { labels, annotations }, spec: { target: 'app' } })),
    ) as {
      readonly value: unknown;
    };
    expect(value).toMatchObject({
      metadata: { name: 'app', labels: { team: 'shop' }, annotations: { 'example.com/note': 'kept' } },
      spec: { target: 'app', traffic: { steps: ['5%', '10%'] } },
    });
    expect(value).not.toHaveProperty('metadata.namespace');
    expect(converted(iter8Text({ metadata: { namespace: 'shop' } }))).toContain('namespace: shop');
  });

  const metric =
    '# How many.\nkind: Metric\napiVersion: serin.dev/v1alpha1\nmetadata: {name: m}\nspec: {mock: {a: 1}}\n';

  test('keeps the other documents of the file, as they are written and in their order', () => {
    const text = `${metric}--- \n${iter8Text({})}\n---\nkind:   ConfigMap # Not ours.\ndata:\n  a: |\n    ---\n`;
    const [first, second, third, ...others] = converted(text).split(/^---\n/m);
    expect([first, third, others]).toEqual([metric, 'kind:   ConfigMap # Not ours.\ndata:\n  a: |\n    ---\n', []]);
    expect(second).toMatch(/^apiVersion: serin\.dev/);
  });

  test('of a list, as kubectl prints it, makes documents; those of its own form and others stay what they are', () => {
    const own = readYaml(native);
    const items = [
      JSON.parse(JSON.stringify(readYaml(iter8Text({ metadata: { namespace: 'shop' } })))).value,
      own.kind === 'read' ? own.value : undefined,
      { kind: 'ConfigMap', data: { a: 'b' } },
    ];
    const documents = converted(JSON.stringify({ apiVersion: 'v1', kind: 'List', items })).split(/^---\n/m);
    expect(documents.map((text) => readYaml(text))).toMatchObject([
      { value: { apiVersion: 'serin.dev/v1alpha1', metadata: { namespace: 'shop' } } },
      { value: items[1] },
      { value: items[2] },
    ]);
  });

  test('of several manifests names the issues of each', () => {
    const text = [iter8Text({}), iter8Text({ spec: { target: 5 } }), iter8Text({ spec: { target: 6 } })].join(
      '\n---\n',
    );
    const conversion = convertManifest(text, 'x');
    expect(conversion).toMatchObject({ kind: 'invalid' });
    expect(conversion.kind === 'invalid' && conversion.issues).toEqual([
      expect.stringMatching(/spec\.target: .*got 5$/),
      expect.stringMatching(/spec\.target: .*got 6$/),
    ]);
  });

  test("keeps iter8's namespace of a metric, without which it might mean the team's own", () => {
    const criteria = { objectives: [{ metric: 'iter8-knative/mean-latency', upperLimit: 5 }] };
    expect(converted(iter8Text({ spec: { criteria } }))).toContain('metric: iter8-knative/mean-latency\n');
  });

  test('writes documents anew where their texts cannot be told apart', () => {
    const text = `%YAML 1.2\n---\n${metric}...\n%YAML 1.2\n---\n${iter8Text({})}\n`;
    expect(converted(text)).toMatch(/^kind: Metric\n(.*\n)*---\napiVersion: serin\.dev/);
  });

  test('keeps what the threshold method does in a common outage', () => {
    const annotations = { 'serin.dev/common-outage': 'hold' };
    const conversion = convertManifest(iter8Text({ metadata: { annotations } }), 'x');
    if (conversion.kind === 'invalid') throw new Error(conversion.issues.join('\n'));
    expect(accepted(conversion.text).experiment.analysis).toMatchObject({ method: 'threshold', commonOutage: 'hold' });
  });

  test('keeps every setting of the annotations', () => {
    const settings = {
      approval: 'required',
      'approval-limit': '2h',
      approvers: '2 of ann, bob, group:sre',
      'blind-limit': '90s',
      'on-blind': 'hold',
      'when-held': 'reject',
      'min-samples': '50',
      tolerance: '0.25',
      analysis: 'sequential',
      confidence: '0.99',
      'warm-up': '1m',
      undecided: 'hold',
      'longest-extension': '1h30m',
      guard: '5s',
      dispersion: 'off',
      'on-suspect': 'backoff',
      steps: '5,10,25',
      'risk-budget': '12.5',
      errors: 'not-2xx',
      'readiness-limit': '7m',
      'candidate-grace': '3m',
      'task-limit': '9m',
      'finish-on-abort': 'true',
    };
    const annotations = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`serin.dev/${key}`, value]));
    const objectives = [{ metric: 'iter8-knative/error-rate', upperLimit: '0.01' }];
    const manifest = iter8Text({ metadata: { annotations }, spec: { criteria: { objectives } } });
    const conversion = convertManifest(manifest, 'x');
    if (conversion.kind === 'invalid') throw new Error(conversion.issues.join('\n'));
    const { apiVersion: _a, ...before } = accepted(manifest).experiment;
    const { apiVersion: _b, ...after } = accepted(conversion.text).experiment;
    expect(after).toEqual(before);
  });
});
