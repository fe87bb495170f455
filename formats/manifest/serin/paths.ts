import { readField, isJsonObject } from '../../../core/text/json.ts';
import type { Path } from '../../document/issue.ts';

/** The steps of a path; undefined stands for any step. */
type Pattern = readonly (string | number | undefined)[];

const any = undefined;

/**
 * From patterns of iter8's paths to paths of serin's own form. The first pattern that fits applies; the path may go on after
 * it.
 */
const places: readonly (readonly [Pattern, (path: Path) => Path])[] = [
  [
    ['spec', 'versionInfo', 'candidates', any, 'variables'],
    (path) => ['spec', 'versions', 'candidates', at(path, 3), 'revision'],
  ],
  [['spec', 'versionInfo'], (path) => ['spec', 'versions', ...path.slice(2)]],
  [['spec', 'strategy', 'actions'], (path) => ['spec', 'actions', ...path.slice(3)]],
  [['spec', 'criteria', 'rewards'], () => ['spec', 'reward']],
  [['spec', 'criteria', 'objectives', any, 'upperLimit'], (path) => ['spec', 'objectives', at(path, 3), 'max']],
  [['spec', 'criteria', 'objectives', any, 'lowerLimit'], (path) => ['spec', 'objectives', at(path, 3), 'min']],
  [['spec', 'criteria'], (path) => ['spec', ...path.slice(2)]],
  [['metadata', 'annotations', 'serin.dev/risk-budget'], () => ['spec', 'traffic', 'riskBudget']],
  [['metadata', 'annotations', 'serin.dev/steps'], () => ['spec', 'traffic', 'steps']],
  [['metadata', 'annotations', 'serin.dev/guard'], () => ['spec', 'analysis', 'guard']],
  [['metadata', 'annotations', 'serin.dev/when-held'], () => ['spec', 'whenHeld']],
  [['metadata', 'annotations', 'serin.dev/approval'], () => ['spec', 'approval', 'required']],
  [['metadata', 'annotations', 'serin.dev/approvers'], () => ['spec', 'approval', 'approvers']],
  [['metadata', 'annotations', 'serin.dev/remind-every'], () => ['spec', 'approval', 'remindEvery']],
  [['metadata', 'annotations', 'serin.dev/on-approval-limit'], () => ['spec', 'approval', 'onLimit']],
  [['metadata', 'annotations', 'serin.dev/bake-time'], () => ['spec', 'bakeTime']],
  [['metadata', 'annotations', 'serin.dev/calendar'], () => ['spec', 'calendar']],
  [['metadata', 'annotations', 'serin.dev/common-outage'], () => ['spec', 'analysis', 'commonOutage']],
];

const helmFinish: Pattern = ['spec', 'strategy', 'actions', 'finish', 0];

/**
 * The path in serin's own form for a path in iter8's. A promotion is the first of the finish actions, which the file does
 * not list there.
 */
export function nativePath(path: Path, { hasPromotion }: { readonly hasPromotion: boolean }): Path {
  if (hasPromotion && fits(path, helmFinish)) return ['spec', 'promotion', 'helm', 'chart'];
  const [, place] = places.find(([pattern]) => fits(path, pattern)) ?? [];
  const found = place === undefined ? path : place(path);
  return hasPromotion ? withoutPromotion(found) : found;
}

/** The path with the index of a finish action in the file's list, from which the promotion has moved it by one. */
function withoutPromotion(path: Path): Path {
  const [spec, actions, finish, index, ...rest] = path;
  if (actions !== 'actions' || finish !== 'finish' || typeof index !== 'number' || spec === undefined) return path;
  return [spec, actions, finish, index - 1, ...rest];
}

function fits(path: Path, pattern: Pattern): boolean {
  return pattern.every((step, index) => (step === any ? path[index] !== undefined : path[index] === step));
}

function at(path: Path, index: number): string | number {
  return path[index] ?? 0;
}

/** The parts that the checks of versions, tasks and patterns read, in iter8's form; the document may have other mistakes. */
export function iter8Sketch(value: unknown): unknown {
  const spec = readField(value, 'spec');
  const versions = readField(spec, 'versions');
  const candidates = readField(versions, 'candidates');
  const listed = Array.isArray(candidates) ? candidates : [];
  return {
    apiVersion: readField(value, 'apiVersion'),
    spec: {
      strategy: {
        testingPattern: readField(spec, 'pattern') ?? 'Canary',
        actions: readField(spec, 'actions') ?? {},
        handlers: readField(spec, 'finishOnRollBack') === false ? { rollback: 'none' } : undefined,
      },
      notifications: readField(spec, 'notifications'),
      criteria: { reward: readField(spec, 'reward') },
      ...(versions === undefined
        ? {}
        : {
            versionInfo: {
              baseline: versionSketch(readField(versions, 'baseline'), 'baseline'),
              candidates: listed.map((one, index) =>
                versionSketch(one, listed.length === 1 ? 'candidate' : `candidate-${index + 1}`),
              ),
            },
          }),
    },
  };
}

function versionSketch(value: unknown, role: string): unknown {
  const variables = readField(value, 'variables');
  const own = isJsonObject(variables) ? Object.entries(variables) : [];
  const all: [string, unknown][] = [['revision', readField(value, 'revision')], ...own];
  return { name: readField(value, 'name') ?? role, variables: all.map(([name, text]) => ({ name, value: text })) };
}
