import { z } from 'zod';
import type { Version } from '../core/experiment.ts';
import type { Moment } from '../core/moment.ts';
import { text } from './fields.ts';
import { checkPattern } from './patterns.ts';
import { versionOf } from './normalize.ts';
import type { ReadTask, TaskTemplate } from './task-inputs/definition.ts';
import { task } from './tasks.ts';
import type { ValueIssue } from './zod-issues.ts';

/**
 * What one field alone cannot show: names, revisions and templates that must fit each other. Reads what it can of a
 * manifest that has other mistakes, so that all of them come at once.
 */
export function crossCheck(manifest: unknown): ValueIssue[] {
  return [...checkPattern(specOf(manifest)), ...checkVersionsAndTasks(manifest)];
}

function specOf(manifest: unknown): unknown {
  return typeof manifest === 'object' && manifest !== null && 'spec' in manifest ? manifest.spec : undefined;
}

function checkVersionsAndTasks(manifest: unknown): ValueIssue[] {
  const reading = sketch.safeParse(manifest);
  if (!reading.success) return [];
  const { apiVersion, spec } = reading.data;
  const { versionInfo, strategy } = spec;
  const versions = [versionInfo.baseline, ...versionInfo.candidates].map(versionOf);
  const { actions } = strategy;
  const placed = actionNames.flatMap((action) => actions[action].map((task, index) => ({ task, index, action })));
  return [
    ...checkHandlers(apiVersion, strategy),
    ...checkVersions(versions),
    ...placed.flatMap((task) => checkTask(versions, task)),
  ];
}

const actionNames = ['start', 'loop', 'finish'] as const;
type ActionName = (typeof actionNames)[number];

/** The parts that must fit each other. A task that cannot be read keeps its place. */
const version = z.object({
  name: text,
  variables: z.array(z.object({ name: text, value: z.string() })).optional(),
});
const tasks = z.array(task.optional().catch(undefined)).catch([]);
const noActions = { start: [], loop: [], finish: [] };
const actions = z
  .object({ start: tasks.optional(), loop: tasks.optional(), finish: tasks.optional() })
  .transform(({ start = [], loop = [], finish = [] }) => ({ start, loop, finish }))
  .catch(noActions);
const sketch = z.object({
  apiVersion: z.unknown().optional(),
  spec: z.object({
    versionInfo: z.object({ baseline: version, candidates: z.array(version).default([]) }),
    strategy: z.object({ actions, handlers: z.unknown().optional() }).catch({ actions: noActions }),
  }),
});

/** The later version of iter8's manifests has no handlers, and its action names are fixed. */
function checkHandlers(apiVersion: unknown, { handlers }: { readonly handlers?: unknown }): ValueIssue[] {
  if (handlers === undefined || apiVersion !== 'iter8.tools/v2alpha2') return [];
  const expected = 'actions alone (iter8.tools/v2alpha2 has no handlers; leave out an action that shall not run)';
  return [{ path: ['spec', 'strategy', 'handlers'], atKey: true, expected, got: '"handlers"' }];
}

/** The baseline first. */
type Versions = readonly Version[];

/** Every candidate must differ from the baseline and from the candidates before it. */
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

interface PlacedTask {
  readonly task: ReadTask | undefined;
  readonly index: number;
  readonly action: ActionName;
}

/** Start actions run with the baseline's variables, the others with the winner's, whoever that will be. */
function checkTask(versions: Versions, { task, index, action }: PlacedTask): ValueIssue[] {
  if (task === undefined) return [];
  const place = ['spec', 'strategy', 'actions', action, index];
  const winners = action === 'start' ? versions.slice(0, 1) : versions;
  const misplaced = action !== 'start' && task.make('').kind === 'init-experiment';
  const expected = 'knative/init-experiment among the start actions only';
  return [
    ...(misplaced ? [{ path: [...place, 'task'], atKey: false, expected, got: `a ${action} action` }] : []),
    ...task.templates.flatMap((template) => {
      const [got] = winners.flatMap((winner) => problemOf(template, { versions, winner }) ?? []);
      return got === undefined
        ? []
        : [{ path: [...place, ...template.path], atKey: false, expected: 'variables of the version', got }];
    }),
  ];
}

function problemOf(
  { render }: TaskTemplate,
  { versions, winner }: { readonly versions: Versions; readonly winner: Version },
): string | undefined {
  const rendered = render(anyMoment(versions, winner));
  return rendered.kind === 'ok' ? undefined : `${rendered.problem} (version ${winner.name})`;
}

/** Of the experiment only the names of its fields matter to a template, not their values. */
function anyMoment(versions: Versions, version: Version): Moment {
  return {
    experiment: {
      apiVersion: 'iter8.tools/v2alpha2',
      name: 'name',
      namespace: 'namespace',
      target: { namespace: 'namespace', name: 'name' },
      testingPattern: 'Canary',
      deploymentPattern: 'Progressive',
      intervalMs: 1000,
      iterations: 1,
    },
    versions,
    version,
    winner: version.name,
    stage: 'Running',
    completedIterations: 1,
    weights: {},
  };
}
