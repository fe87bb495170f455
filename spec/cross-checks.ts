import { z } from 'zod';
import type { Role, Task, Version } from '../core/experiment.ts';
import { renderTemplate, templateVariables } from '../core/template.ts';
import { text } from './fields.ts';
import { versionOf } from './normalize.ts';
import { task } from './tasks.ts';
import type { ValueIssue } from './zod-issues.ts';

/**
 * What one field alone cannot show: names, revisions and templates that must fit each other. Reads what it can of a
 * manifest that has other mistakes, so that all of them come at once.
 */
export function crossCheck(manifest: unknown): ValueIssue[] {
  const reading = sketch.safeParse(manifest);
  if (!reading.success) return [];
  const { versionInfo, strategy } = reading.data.spec;
  const [candidate] = versionInfo.candidates;
  if (candidate === undefined) return [];
  const versions = { baseline: versionOf(versionInfo.baseline), candidate: versionOf(candidate) };
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
    versionInfo: z.object({ baseline: version, candidates: z.array(version) }),
    strategy: z.object({ actions }).catch({ actions: noActions }),
  }),
});

type Versions = Readonly<Record<Role, Version>>;

function checkVersions({ baseline, candidate }: Versions): ValueIssue[] {
  const issues: ValueIssue[] = [];
  const path = ['spec', 'versionInfo', 'candidates', 0];
  if (baseline.name === candidate.name) {
    const expected = "a name other than the baseline's";
    issues.push({ path: [...path, 'name'], atKey: false, expected, got: JSON.stringify(candidate.name) });
  }
  if (baseline.revision === candidate.revision) {
    const expected = "a revision other than the baseline's";
    issues.push({ path: [...path, 'variables'], atKey: false, expected, got: JSON.stringify(candidate.revision) });
  }
  return issues;
}

interface PlacedTask {
  readonly task: Task | undefined;
  readonly index: number;
  readonly action: 'start' | 'finish';
}

/** Start actions run with the baseline's variables, finish actions with the winner's, whoever that will be. */
function checkTask(versions: Versions, { task, index, action }: PlacedTask): ValueIssue[] {
  if (task?.kind !== 'exec' || !task.interpolate) return [];
  const { baseline, candidate } = versions;
  const winners = action === 'start' ? [baseline] : [baseline, candidate];
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
