import type { Experiment, Role, Task } from '../core/experiment.ts';
import { renderTemplate, templateVariables } from '../core/template.ts';
import type { ValueIssue } from './zod-issues.ts';

/** The parts of an experiment that must fit each other. */
export type Parts = Pick<Experiment, 'baseline' | 'candidate' | 'start' | 'finish'>;

/** What one field alone cannot show: names, revisions and templates that must fit each other. */
export function crossCheck(parts: Parts): ValueIssue[] {
  return [...checkVersions(parts), ...checkTemplates(parts)];
}

const versionPaths: Readonly<Record<Role, (string | number)[]>> = {
  baseline: ['spec', 'versionInfo', 'baseline'],
  candidate: ['spec', 'versionInfo', 'candidates', 0],
};

function checkVersions({ baseline, candidate }: Parts): ValueIssue[] {
  const issues: ValueIssue[] = [];
  const path = versionPaths.candidate;
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

/** Start actions run with the baseline's variables, finish actions with the winner's, whoever that will be. */
function checkTemplates(parts: Parts): ValueIssue[] {
  return [
    ...parts.start.flatMap((task, index) => checkTask(parts, { task, index, action: 'start' })),
    ...parts.finish.flatMap((task, index) => checkTask(parts, { task, index, action: 'finish' })),
  ];
}

interface PlacedTask {
  readonly task: Task;
  readonly index: number;
  readonly action: 'start' | 'finish';
}

function checkTask(parts: Parts, { task, index, action }: PlacedTask): ValueIssue[] {
  if (task.kind !== 'exec' || !task.interpolate) return [];
  const roles: readonly Role[] = action === 'start' ? ['baseline'] : ['baseline', 'candidate'];
  return task.args.flatMap((arg, position) => {
    const problems = roles.map((role) => problemOf(arg, parts, role)).filter((problem) => problem !== undefined);
    const path = ['spec', 'strategy', 'actions', action, index, 'with', 'args', position];
    return problems.slice(0, 1).map((got) => ({ path, atKey: false, expected: 'variables of the version', got }));
  });
}

function problemOf(arg: string, parts: Parts, role: Role): string | undefined {
  const version = parts[role];
  const rendered = renderTemplate(arg, templateVariables(version));
  return rendered.kind === 'ok' ? undefined : `${rendered.problem} (version ${version.name})`;
}
