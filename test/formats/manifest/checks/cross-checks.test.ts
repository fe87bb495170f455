import { describe, expect, test } from 'vitest';
import { crossCheck } from '../../../../formats/manifest/checks/cross-checks.ts';
import { iter8Sketch } from '../../../../formats/manifest/serin/paths.ts';

const revision = (value: string) => [{ name: 'revision', value }];
const exec = (...args: string[]) => ({ task: 'common/exec', with: { cmd: 'notify', args } });

/** A manifest with only what these checks read. */
function manifest({ actions = {}, versions = {} }: { actions?: object; versions?: object } = {}): object {
  const baseline = { name: 'current', variables: revision('v1') };
  const candidates = [{ name: 'candidate', variables: revision('v2') }];
  return { spec: { versionInfo: { baseline, candidates, ...versions }, strategy: { actions } } };
}

const found = (value: unknown): [string, string][] => crossCheck(value).map(({ path, got }) => [path.join('.'), got]);

test('finds nothing where all fits', () => {
  expect(crossCheck(manifest({ actions: { finish: [exec('{{ .revision }}', '{{ .name }}')] } }))).toEqual([]);
});

test('places each template problem at its own argument', () => {
  const actions = { finish: [exec('get'), exec('get', '{{ .a }}', 'ok', '{{ if }}')] };
  expect(found(manifest({ actions }))).toEqual([
    ['spec.strategy.actions.finish.1.with.args.1', expect.stringContaining('{{ .a }} at character 1')],
    ['spec.strategy.actions.finish.1.with.args.3', expect.stringContaining('{{ if }} at character 1')],
  ]);
});

test('wants finish templates to be known for both versions', () => {
  const candidates = [{ name: 'candidate', variables: [...revision('v2'), { name: 'color', value: 'green' }] }];
  const actions = { finish: [exec('{{ .color }}')] };
  expect(found(manifest({ actions, versions: { candidates } }))[0]?.[1]).toContain('(version current)');
  const baseline = { name: 'current', variables: [...revision('v1'), { name: 'color', value: 'blue' }] };
  expect(found(manifest({ actions, versions: { baseline } }))[0]?.[1]).toContain('(version candidate)');
});

test('wants start templates to be known for the baseline only', () => {
  const baseline = { name: 'current', variables: [...revision('v1'), { name: 'color', value: 'blue' }] };
  expect(crossCheck(manifest({ actions: { start: [exec('{{ .color }}')] }, versions: { baseline } }))).toEqual([]);
});

test('leaves braces alone where interpolation is off', () => {
  const task = { task: 'common/exec', with: { cmd: 'notify', args: ['{{ .a }}'], disableInterpolation: true } };
  expect(crossCheck(manifest({ actions: { finish: [task] } }))).toEqual([]);
});

test('checks what can be read beside other mistakes', () => {
  const baseline = { name: 'candidate', variables: revision('v2'), weightObjRef: {} };
  const actions = { loop: [], finish: [{ task: 'common/bash' }, exec('{{ .a }}')] };
  expect(found(manifest({ actions, versions: { baseline } })).map(([path]) => path)).toEqual([
    'spec.versionInfo.candidates.0.name',
    'spec.versionInfo.candidates.0.variables',
    'spec.strategy.actions.finish.1.with.args.0',
  ]);
});

describe('a text that names the winner', () => {
  const body = '{{ .this.status.analysis.winnerAssessment.data.winner }}';
  const notice = { task: 'notification/http', with: { url: 'https://example.test', body } };
  const place = (action: string): string => `spec.strategy.actions.${action}.0.with.body`;

  test.each(['loop', 'finish'])('is refused in a %s action, where nothing may have won', (action) => {
    expect(crossCheck(manifest({ actions: { [action]: [notice] } }))).toEqual([
      {
        path: ['spec', 'strategy', 'actions', action, 0, 'with', 'body'],
        atKey: false,
        expected: 'what is there without a winner too (`if: WinnerFound()` leaves the task out where there is none)',
        got: expect.stringMatching(/ is not there: .* while nothing has won$/),
      },
    ]);
  });

  test.each(['WinnerFound()', 'CandidateWon()'])('is accepted where %s leaves the task out', (condition) => {
    const guarded = { ...notice, if: condition };
    expect(crossCheck(manifest({ actions: { loop: [guarded], finish: [guarded] } }))).toEqual([]);
    const reversed = { ...notice, if: `not ${condition}` };
    expect(found(manifest({ actions: { finish: [reversed] } }))[0]?.[0]).toBe(place('finish'));
  });

  test('is refused in a start action', () => {
    expect(crossCheck(manifest({ actions: { start: [notice] } }))[0]?.expected).toBe(
      'no winner in a start action, which runs before there is one',
    );
  });

  test('is accepted where only a promotion runs the finish actions', () => {
    const strategy = { handlers: { rollback: 'none' }, actions: { finish: [notice] } };
    expect(crossCheck({ apiVersion: 'iter8.tools/v2alpha1', spec: { strategy } })).toEqual([]);
    const own = { actions: { finish: [notice] }, finishOnRollBack: false };
    expect(crossCheck(iter8Sketch({ spec: own }))).toEqual([]);
    expect(crossCheck(iter8Sketch({ spec: { ...own, pattern: 'Conformance' } }))).toHaveLength(1);
  });
});

test('a template need not fit a version for which its task is left out', () => {
  const candidates = [{ name: 'candidate', variables: [...revision('v2'), { name: 'color', value: 'green' }] }];
  const actions = { finish: [{ ...exec('{{ .color }}'), if: 'CandidateWon()' }] };
  expect(crossCheck(manifest({ actions, versions: { candidates } }))).toEqual([]);
});

describe('a manifest that names no versions', () => {
  const without = (spec: object, apiVersion = 'iter8.tools/v2alpha2') => ({ apiVersion, spec });
  const notice = (body: string) => ({ task: 'notification/http', with: { url: 'https://example.test', body } });

  test('has the revision of what is found as its only variable', () => {
    const actions = { finish: [notice('{{ .name }} {{ .revision }}'), notice('hello {{ .nosuch }}')] };
    expect(found(without({ strategy: { testingPattern: 'Canary', actions } }))).toEqual([
      ['spec.strategy.actions.finish.1.with.body', expect.stringContaining('{{ .nosuch }} at character 7')],
    ]);
  });

  test('has no handlers either, in v2alpha2', () => {
    const strategy = { testingPattern: 'Canary', handlers: { finish: 'none' } };
    expect(found(without({ strategy }))).toEqual([['spec.strategy.handlers', '"handlers"']]);
    expect(found(without({ strategy }, 'iter8.tools/v2alpha1'))).toEqual([]);
  });

  test("is checked in serin's own form too", () => {
    const actions = { loop: [notice('{{ .nosuch }}')] };
    expect(found(iter8Sketch({ apiVersion: 'serin.dev/v1alpha1', spec: { actions } }))[0]?.[0]).toBe(
      'spec.strategy.actions.loop.0.with.body',
    );
  });
});

describe('the object of a weight', () => {
  const serving = { apiVersion: 'serving.knative.dev/v1', kind: 'Service' };
  const of = (weightObjRef: object, { target = 'sample-app', metadata = {} } = {}): object => ({
    metadata,
    spec: { target, versionInfo: { baseline: { name: 'v1' }, candidates: [{ name: 'v2', weightObjRef }] } },
  });
  const place = 'spec.versionInfo.candidates.0.weightObjRef';

  test('is the target', () => {
    expect(crossCheck(of({ ...serving, name: 'other' }))).toEqual([
      expect.objectContaining({ expected: 'the name of the target, sample-app', got: '"other"' }),
    ]);
    expect(found(of({ ...serving, name: 'sample-app', namespace: 'other' }))).toEqual([
      [`${place}.namespace`, '"other"'],
    ]);
  });

  test.each<[string, object]>([
    ['default', {}],
    ['shop', { metadata: { namespace: 'shop' } }],
    ['apps', { target: 'apps/sample-app', metadata: { namespace: 'shop' } }],
  ])('is in the namespace of the target, %s', (namespace, given) => {
    expect(crossCheck(of({ ...serving, name: 'sample-app', namespace }, given))).toEqual([]);
    expect(crossCheck(of({ ...serving, name: 'sample-app' }, given))).toEqual([]);
    expect(crossCheck(of({ ...serving, name: 'sample-app', namespace: 'x' }, given))).toHaveLength(1);
  });

  test('is not compared where it is no Knative Service', () => {
    expect(crossCheck(of({ apiVersion: 'networking.istio.io/v1alpha3', kind: 'VirtualService', name: 'x' }))).toEqual(
      [],
    );
    expect(crossCheck(of({ apiVersion: 'v1', kind: 'Service', name: 'x' }))).toEqual([]);
  });
});

test.each([undefined, null, 5, {}, { spec: {} }, manifest({ versions: { candidates: [] } })])(
  'is silent about %j, where nothing can be compared',
  (value) => {
    expect(crossCheck(value)).toEqual([]);
  },
);
