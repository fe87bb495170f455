import { describe, expect, test } from 'vitest';
import { limits } from '../../../core/text/limits.ts';
import { convertManifest } from '../../../formats/manifest/convert.ts';
import { parseManifest } from '../../../formats/manifest/parse.ts';
import { cpuTimeMs } from '../../support/cpu-time.ts';

/** Just below the limit of a manifest. */
const room = limits.manifestBytes - 4096;

const fill = (text: string, length = room): string => text.repeat(Math.floor(length / text.length));

function manifest({ start = '[]', finish = '[]', candidates = '', metadata = '' } = {}): string {
  const version = (name: string): string => `{name: ${name}, variables: [{name: revision, value: ${name}}]}`;
  return `apiVersion: iter8.tools/v2alpha2
kind: Experiment
metadata: {name: x, namespace: a${metadata}}
spec:
  target: a/b
  strategy: {testingPattern: A/B/N, actions: {start: ${start}, finish: ${finish}}}
  criteria: {objectives: [{metric: error-rate, upperLimit: 1}], rewards: [{metric: mean-latency, preferredDirection: Low}]}
  duration: {intervalSeconds: 10, iterationsPerLoop: 2}
  versionInfo: {baseline: ${version('c')}, candidates: [${version('d')}${candidates}]}
`;
}

const task = (value: object): string => JSON.stringify([value]);
const script = { task: 'common/bash', with: { script: 'x' } };
const notify = '{task: common/exec, with: {cmd: notify, args: ["{{ .revision }}"]}},';
const many = (count: number, write: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => write(index)).join('');
const bomb = `&a0 [x, x]\n${many(40, (index) => `l${index + 1}: &a${index + 1} [*a${index}, *a${index}]\n`)}`;

/** What was found to cost minutes, or memory without end, and what else is of its kind. */
const poisons: Readonly<Record<string, string>> = {
  'references to secrets behind quotes': manifest({
    start: task({ run: fill("'", room / 2) + fill('@< .Secret "a" >@', room / 3), with: { secret: 's' } }),
  }),
  'references to secrets': manifest({
    start: task({ run: fill('@< .Secret "a" >@', (room * 4) / 5), with: { secret: 's' } }),
  }),
  templates: manifest({ start: task({ run: fill('{{ .a }}') }) }),
  'words of a condition': manifest({ start: task({ if: `${fill('CandidateWon() or ')}true`, ...script }) }),
  'negations of a condition': manifest({ start: task({ if: `${fill('not ')}true`, ...script }) }),
  'parentheses of a condition': manifest({
    start: task({ if: `${fill('(', room / 2)}true${fill(')', room / 2)}`, ...script }),
  }),
  'tasks that do not exist': manifest({ start: `[${fill('{task: no/such},')}]` }),
  'tasks times candidates': manifest({
    finish: `[${fill(notify, room / 2)}]`,
    candidates: many(1500, (index) => `, {name: k${index}, variables: [{name: revision, value: v${index}}]}`),
  }),
  'the most tasks times the most candidates': manifest({
    finish: `[${notify.repeat(limits.manifestEntries)}]`,
    candidates: many(
      limits.candidates - 1,
      (index) => `, {name: k${index}, variables: [{name: revision, value: v${index}}]}`,
    ),
  }),
  'unknown keys': manifest() + many(15_000, (index) => `x${index}: 1\n`),
  'the most unknown keys': manifest() + many(400, (index) => `x${index}: 1\n`),
  annotations: manifest({ metadata: `, annotations: {${many(5_000, (index) => `serin.dev/x${index}: "1", `)}}` }),
  nesting: manifest({ start: fill('[', room / 2) + fill(']', room / 2) }),
  'aliases of aliases': `${manifest()}l0: ${bomb}`,
  'aliases of aliases where nobody looks': manifest().replace(
    'metadata: {',
    `metadata:\n  labels: ${bomb.replaceAll('\nl', '\n  l')}  more: {`,
  ),
  'a long key': `${fill('k')}: 1\n${manifest()}`,
};

describe.each(Object.entries(poisons))('a manifest full of %s', (_, text) => {
  test('is read or refused within two seconds, with no more issues than people read', () => {
    expect(text.length).toBeLessThan(limits.manifestBytes);
    const startedAtMs = cpuTimeMs();
    const reading = parseManifest(text, 'm');
    convertManifest(text, 'm');
    // It takes a fifth of that on a slow machine; the poison took minutes.
    expect(cpuTimeMs() - startedAtMs).toBeLessThan(2_000);
    if (reading.kind === 'invalid') expect(reading.issues.length).toBeLessThanOrEqual(limits.listedIssues + 1);
  });
});

test('more issues than are listed are counted', () => {
  const reading = parseManifest(poisons['the most unknown keys'] ?? '', 'm');
  const issues = reading.kind === 'invalid' ? reading.issues : [];
  expect(issues).toHaveLength(limits.listedIssues + 1);
  expect(issues.at(-1)).toMatchObject({ path: '(document)', got: '300 more' });
});

test.each([
  ['as text', (text: string) => parseManifest(text, 'm')],
  ['as bytes', (text: string) => parseManifest(new TextEncoder().encode(text), 'm')],
  ['as an object', (text: string) => parseManifest({ text }, 'm')],
])('a manifest %s of more bytes than the limit is refused by its size', (_, read) => {
  expect(read('x'.repeat(limits.manifestBytes + 1))).toMatchObject({
    kind: 'invalid',
    issues: [{ path: '(document)', expected: 'a manifest of at most 256 KiB', got: '257 KiB' }],
  });
});

test.each([
  'spec: {objectives: {constructor: {max: 1}}}',
  'spec: {criteria: {objectives: {__proto__: {a: 1}}}}',
  'metadata: {annotations: {constructor: x, __proto__: y, hasOwnProperty: z}}',
  'spec: {versionInfo: {baseline: {variables: {toString: 1}}}, strategy: {actions: {constructor: []}, handlers: {toString: x}}}',
  'spec: {promotion: {helm: {values: {constructor: {set: {__proto__: 1}}}}}, versions: {toString: {}}}',
])('names that every object has are names like others: %s', (text) => {
  for (const version of ['iter8.tools/v2alpha1', 'iter8.tools/v2alpha2', 'serin.dev/v1alpha1']) {
    const reading = parseManifest(`apiVersion: ${version}\nkind: Experiment\nname: x\n${text}`, 'm');
    expect(reading.kind).toBe('invalid');
  }
});
