import type { Task, Version } from './experiment.ts';
import { renderTemplate, templateVariables } from './template.ts';

export type ExecTask = Extract<Task, { kind: 'exec' }>;

export type RenderedArgs =
  { readonly kind: 'ok'; readonly args: readonly string[] } | { readonly kind: 'invalid'; readonly problem: string };

/** The arguments as they run when `version` wins: `{{ .variable }}` is replaced unless the task opts out. */
export function renderArgs(task: ExecTask, version: Version): RenderedArgs {
  if (!task.interpolate) return { kind: 'ok', args: task.args };
  const args: string[] = [];
  for (const [index, arg] of task.args.entries()) {
    const rendered = renderTemplate(arg, templateVariables(version));
    if (rendered.kind === 'invalid') return { kind: 'invalid', problem: `args[${index}]: ${rendered.problem}` };
    args.push(rendered.text);
  }
  return { kind: 'ok', args };
}

/** Whether the task is a helm command, which can be rendered and compared before it runs. */
export function isHelm(task: Task): task is ExecTask {
  return task.kind === 'exec' && task.command === 'helm';
}
