import { z } from 'zod';
import type { Task, Version } from '../core/experiment.ts';
import { renderTemplate, templateVariables } from '../core/template.ts';
import { text } from './fields.ts';
import { checkPattern } from './patterns.ts';
import { versionOf } from './normalize.ts';
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
  const { versionInfo, strategy } = reading.data.spec;
  const versions = [versionInfo.baseline, ...versionInfo.candidates].map(versionOf);
  const { start, finish } = strategy.actions;
  return [
    ...checkVersions(versions),
    ...start.flatMap((task, index) => checkTask(versions, { task, index, action: 'start' })),
    ...finish.flatMap((task, index) => checkTask(versions, { task, index, action: 'finish' })),
  ];
}

/** The parts that must fit each other. A task that cannot be read keeps its place. */
const version = z.object({
  name: text,
  variables: z.array(z.object({ name: text, value: z.string() })).optional(),
});
const tasks = z.array(task.optional().catch(undefined)).catch([]);
const noActions = { start: [], finish: [] };
const actions = z.object({ start: tasks, finish: tasks }).catch(noActions);
const sketch = z.object({
  spec: z.object({
    versionInfo: z.object({ baseline: version, candidates: z.array(version).default([]) }),
    strategy: z.object({ actions }).catch({ actions: noActions }),
  }),
});

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
  readonly task: Task | undefined;
  readonly index: number;
  readonly action: 'start' | 'finish';
}

/** Start actions run with the baseline's variables, finish actions with the winner's, whoever that will be. */
function checkTask(versions: Versions, { task, index, action }: PlacedTask): ValueIssue[] {
  if (task?.kind !== 'exec' || !task.interpolate) return [];
  const winners = action === 'start' ? versions.slice(0, 1) : versions;
  return task.args.flatMap((arg, position) => {
    const [got] = winners.map((winner) => problemOf(arg, winner)).filter((problem) => problem !== undefined);
    const path = ['spec', 'strategy', 'actions', action, index, 'with', 'args', position];
    return got === undefined ? [] : [{ path, atKey: false, expected: 'variables of the version', got }];
  });
}

function problemOf(arg: string, version: Version): string | undefined {
  const rendered = renderTemplate(arg, templateVariables(version));
  return rendered.kind === 'ok' ? undefined : `${rendered.problem} (version ${version.name})`;
}
