import { z } from 'zod';
import type { Version } from '../../../core/experiment/experiment.ts';
import { textField } from '../../document/fields.ts';
import { checkPattern } from '../../document/patterns.ts';
import { normalizeVersion, unknownVersions } from '../iter8/normalize.ts';
import { checkTask } from '../tasks/task-checks.ts';
import type { Placed } from '../tasks/task-checks.ts';
import { taskField } from '../tasks/tasks.ts';
import { checkWeightObjRefs } from '../iter8/weight-obj-ref.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/**
 * Checks names, revisions and templates, which must fit each other. Reads as much as possible of a manifest that has other
 * mistakes, so that all issues are reported at once.
 */
export function crossCheck(manifest: unknown): ValueIssue[] {
  return [...checkPattern(readSpec(manifest)), ...checkVersionsAndTasks(manifest), ...checkWeightObjRefs(manifest)];
}

function readSpec(manifest: unknown): unknown {
  return typeof manifest === 'object' && manifest !== null && 'spec' in manifest ? manifest.spec : undefined;
}

function checkVersionsAndTasks(manifest: unknown): ValueIssue[] {
  const reading = sketch.safeParse(manifest);
  if (!reading.success) return [];
  const { apiVersion, spec } = reading.data;
  const { versionInfo, strategy, notifications } = spec;
  const versions = versionInfo === undefined ? discovered(strategy) : allGivenVersions(versionInfo);
  const known = { versions, finishesWithWinner: finishesWithWinner(strategy) };
  return [
    ...checkHandlers(apiVersion, strategy),
    ...checkVersions(versions),
    ...[...placedActions(strategy), ...placedNotifications(notifications)].flatMap((placed) =>
      checkTask(placed, known),
    ),
  ];
}

function allGivenVersions({ baseline, candidates }: NonNullable<Sketch['versionInfo']>): Versions {
  return [baseline, ...candidates].map(normalizeVersion);
}

/** Stand-ins for the versions that the preflight finds; their only variable is `revision`. */
function discovered({ testingPattern }: Sketch['strategy']): Versions {
  const { baseline, candidates } = unknownVersions(testingPattern === 'Conformance' ? 'Conformance' : 'Canary');
  return [baseline, ...candidates].map(({ name }) => ({ name, revision: name, variables: { revision: name } }));
}

function placedActions({ actions }: Sketch['strategy']): readonly Placed[] {
  return actionNames.flatMap((action) =>
    actions[action].map((task, index) => ({ task, action, path: ['spec', 'strategy', 'actions', action, index] })),
  );
}

const actionNames = ['start', 'loop', 'finish'] as const;

function placedNotifications(notifications: z.output<typeof tasks>): readonly Placed[] {
  return notifications.map((task, index) => ({ task, action: 'notification', path: ['spec', 'notifications', index] }));
}

/**
 * Whether finish actions run only after a promotion: a roll back runs none. An experiment that moves no traffic has other
 * endings too.
 */
function finishesWithWinner({ testingPattern, handlers }: Sketch['strategy']): boolean {
  const { data } = z.object({ rollback: z.literal('none') }).safeParse(handlers);
  return data !== undefined && testingPattern !== 'Conformance';
}

/** The parts that must fit each other. A task that cannot be read keeps its place. */
const versionSketch = z.object({
  name: textField,
  variables: z.array(z.object({ name: textField, value: z.string() })).optional(),
});
const tasks = z.array(taskField.optional().catch(undefined)).catch([]);
const noActions = { start: [], loop: [], finish: [] };
const actions = z
  .object({ start: tasks.optional(), loop: tasks.optional(), finish: tasks.optional() })
  .transform(({ start = [], loop = [], finish = [] }) => ({ start, loop, finish }))
  .catch(noActions);
const strategy = z.object({ actions, handlers: z.unknown().optional(), testingPattern: z.unknown().optional() });
const sketch = z.object({
  apiVersion: z.unknown().optional(),
  spec: z.object({
    versionInfo: z.object({ baseline: versionSketch, candidates: z.array(versionSketch).default([]) }).optional(),
    strategy: strategy.catch({ actions: noActions }),
    notifications: tasks,
  }),
});

type Sketch = z.output<typeof sketch>['spec'];

/** Refuses handlers in iter8.tools/v2alpha2, whose action names are fixed. */
function checkHandlers(apiVersion: unknown, { handlers }: { readonly handlers?: unknown }): ValueIssue[] {
  if (handlers === undefined || apiVersion !== 'iter8.tools/v2alpha2') return [];
  const expected = 'actions alone (iter8.tools/v2alpha2 has no handlers; leave out an action that shall not run)';
  return [{ path: ['spec', 'strategy', 'handlers'], atKey: true, expected, got: '"handlers"' }];
}

/** All versions, the baseline first. */
type Versions = readonly Version[];

/** Checks that every candidate differs from the baseline and from the candidates before it. */
function checkVersions(versions: Versions): ValueIssue[] {
  return versions.flatMap((version, index) => {
    const path = ['spec', 'versionInfo', 'candidates', index - 1];
    const before = versions.slice(0, index);
    const sameName = before.findIndex(({ name }) => name === version.name);
    const sameRevision = before.findIndex(({ revision }) => revision === version.revision);
    const issue = (field: string, what: string, other: number, got: string): ValueIssue => {
      const owner = other === 0 ? "the baseline's" : `that of candidate ${other}`;
      return {
        path: [...path, field],
        atKey: false,
        expected: `a ${what} other than ${owner}`,
        got: JSON.stringify(got),
      };
    };
    return [
      ...(sameName < 0 ? [] : [issue('name', 'name', sameName, version.name)]),
      ...(sameRevision < 0 ? [] : [issue('variables', 'revision', sameRevision, version.revision)]),
    ];
  });
}
