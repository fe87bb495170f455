import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../../formats/document/issue.ts';
import { readSample } from '../../support/samples.ts';
import { parseExperiment } from '../../../formats/manifest/parse.ts';

const iter8Samples = join(import.meta.dirname, '../manifests/iter8');
const samples = join(import.meta.dirname, '../../../samples');

/** The output of `serin lint` for a text, each line without the file's name. */
function lint(text: string): { readonly errors: readonly string[]; readonly warnings: readonly string[] } {
  const reading = parseExperiment(text, '');
  const lines = (reading.kind === 'ok' ? reading.warnings : reading.issues).map((issue) => formatIssue(issue).slice(1));
  return reading.kind === 'ok' ? { errors: [], warnings: lines } : { errors: lines, warnings: [] };
}

const clean = { errors: [], warnings: [] };

/** The output for a sample about a VirtualService, which only Istio has. */
function noVirtualService(paths: readonly string[], [first, second]: readonly [number, number]) {
  const errors = [
    [first, 'spec.versionInfo.baseline', paths[0]],
    [second, 'spec.versionInfo.candidates[0]', paths[1]],
  ] as const;
  return {
    warnings: [],
    errors: errors.flatMap(([line, version, fieldPath]) => [
      `${line}:21 ${version}.weightObjRef.apiVersion: expected serving.knative.dev/v1, of a Knative Service (serin moves no traffic of other objects), got "networking.istio.io/v1alpha3"`,
      `${line + 1}:15 ${version}.weightObjRef.kind: expected Service, got "VirtualService"`,
      `${line + 4}:20 ${version}.weightObjRef.fieldPath: expected the percent of a traffic entry, such as .spec.traffic[0].percent, got "${fieldPath}"`,
    ]),
  };
}

/** The warning of a reward that no file beside defines, at its place. */
function inCluster(place: string, metric: string): string {
  return `${place} spec.criteria.rewards[0].metric: expected a built-in metric, got ${metric}, which must be a Metric in the cluster when the experiment starts`;
}

function engagement(place: string) {
  return { errors: [], warnings: [inCluster(place, 'iter8-knative/user-engagement')] };
}

describe("iter8's samples for Knative, written again from what is known of each", () => {
  const said = new Map<string, object>([
    [
      'v2alpha1/experimentwithbadmetric.yaml',
      {
        errors: [],
        warnings: [
          '26:15 spec.criteria.objectives[0].metric: expected a built-in metric, got missing-metric, which must be a Metric in the cluster when the experiment starts',
        ],
      },
    ],
    [
      'v2alpha1/requestrouting.yaml',
      noVirtualService(['/spec/http/0/route/0/weight', '/spec/http/0/route/1/weight'], [39, 50]),
    ],
    [
      'v2alpha2/traffic-segmentation.yaml',
      noVirtualService(['.spec.http[0].route[0].weight', '.spec.http[0].route[1].weight'], [38, 49]),
    ],
    ['v2alpha2/experimentwithbadobjective.yaml', engagement('22:15')],
    ['v2alpha2/fixed-split.yaml', engagement('20:15')],
    ['v2alpha2/hybrid.yaml', engagement('29:15')],
    ['v2alpha2/quickstart-hybrid.yaml', engagement('23:15')],
    [
      'v2alpha2/race-condition.yaml',
      {
        errors: [],
        warnings: [
          '7:3 spec.criteria.objectives: expected an objective, got none; nothing is tested but that there are requests',
        ],
      },
    ],
  ]);
  const files = globSync('*/*.yaml', { cwd: iter8Samples }).toSorted();

  test('are all there', () => {
    expect(files).toHaveLength(23);
    expect([...said.keys()].filter((file) => !files.includes(file))).toEqual([]);
  });

  test.each(files)('%s lints clean, or what Knative alone does not have is named', (file) => {
    expect(lint(readFileSync(join(iter8Samples, file), 'utf8'))).toEqual(said.get(file) ?? clean);
  });
});

describe("serin's samples", () => {
  const said = new Map<string, readonly string[]>([
    [
      'canary-progressive/experiment.yaml',
      [
        '42:3 spec.baseline: expected spec.versionInfo.baseline, got spec.baseline; moved under versionInfo',
        '49:3 spec.candidates: expected spec.versionInfo.candidates, got spec.candidates; moved under versionInfo',
      ],
    ],
    [
      'quickstart/experimentwithbadmetric.yaml',
      [
        '29:15 spec.criteria.objectives[1].metric: expected a built-in metric, got busy-percentage, which must be a Metric in the cluster when the experiment starts',
      ],
    ],
    ['ab-reward/experiment.yaml', [inCluster('24:15', 'user-engagement')]],
    ['user-engagement/experiment.yaml', [inCluster('24:15', 'user-engagement')]],
    ['hybrid/experiment.yaml', [inCluster('26:15', 'user-engagement')]],
    [
      'grpc/experiment.yaml',
      [
        '18:15 spec.criteria.objectives[0].metric: expected a built-in metric, got grpc-error-rate, which must be a Metric in the cluster when the experiment starts',
      ],
    ],
  ]);

  test.each(globSync('*/{experiment,experimentwith*}.yaml', { cwd: samples }).toSorted())('%s lints', (file) => {
    expect(lint(readSample(file))).toEqual({ errors: [], warnings: said.get(file) ?? [] });
  });
});
