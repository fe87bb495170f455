import { holds } from '../experiment/if-expression.ts';
import type { Experiment, Version } from '../experiment/experiment.ts';
import type { TaskContext } from './task-context.ts';
import { templateScope } from './task-context.ts';
import { isShell } from './shell.ts';
import { renderParts, showParts, templateVariables } from './template.ts';
import type { RenderedParts } from './template.ts';
import { taskTraits } from '../experiment/task-kinds.ts';
import type { Delimiters, LoadAmount, LoadedVersion, Task, TaskKind } from '../experiment/task-kinds.ts';

/** A task that runs a command. */
export type ExecTask = Task<'exec'>;

/** The arguments as they run, or why a template among them is invalid. */
export type RenderedArgs =
  { readonly kind: 'ok'; readonly args: readonly string[] } | { readonly kind: 'invalid'; readonly problem: string };

/** Renders the arguments as they run when `version` wins: `{{ .variable }}` is replaced unless the task opts out. */
export function renderArgs(task: ExecTask, version: Version): RenderedArgs {
  const own = task.argsByVersion?.[version.name] ?? [];
  if (!task.interpolate) return { kind: 'ok', args: [...task.args, ...own] };
  const args: string[] = [];
  for (const [index, arg] of task.args.entries()) {
    const rendered = renderArg(arg, task, version);
    if (rendered.kind === 'invalid') return { kind: 'invalid', problem: `args[${index}]: ${rendered.problem}` };
    args.push(showParts(rendered.parts));
  }
  return { kind: 'ok', args: [...args, ...own] };
}

/** Renders one argument; it may not use secrets, so all its parts are text. */
export function renderArg(arg: string, { command }: Pick<ExecTask, 'command'>, version: Version): RenderedParts {
  return renderParts(arg, { variables: templateVariables(version), isScript: isShell(command) }, 'go');
}

/** How the texts of a script or of a request are read. */
export interface TextOptions {
  readonly delimiters: Delimiters;
  /** Whether the task names a secret. */
  readonly hasSecret: boolean;
  readonly isScript?: boolean;
}

/** Renders a text in the present context; keys of the task's secret stay to be filled in. */
export function renderText(text: string, context: TaskContext, options: TextOptions): RenderedParts {
  const { delimiters, hasSecret, isScript = false } = options;
  return renderParts(text, templateScope(context, { secrets: hasSecret ? 'named' : 'unnamed', isScript }), delimiters);
}

/** Whether the task is a helm command, which can be rendered and compared before it runs. */
export function isHelm(task: Task): task is ExecTask {
  return task.kind === 'exec' && task.command === 'helm';
}

/** Whether the task may deploy something. */
export function mayDeploy({ kind }: Task): boolean {
  return taskTraits[kind].role === 'deployment';
}

/** Whether the task only looks and waits, and so leaves everything as it is. */
export function onlyWaits({ kind }: Task): boolean {
  const { role } = taskTraits[kind];
  return role === 'preparation' || role === 'check';
}

/** Whether a finish task may run if this version wins, as far as that is known before the end. */
export function mayRunFor({ condition }: Task, { isBaseline }: { readonly isBaseline: boolean }): boolean {
  if (condition === undefined) return true;
  if (!isBaseline) return holds(condition, { winnerFound: true, candidateWon: true });
  return [true, false].some((winnerFound) => holds(condition, { winnerFound, candidateWon: false }));
}

/** The finish tasks that may run for this winner. */
export function finishTasksFor(
  { finish, baseline }: Pick<Experiment, 'finish' | 'baseline'>,
  winner: Version,
): readonly Task[] {
  const isBaseline = winner.name === baseline.name;
  return finish.filter((task) => mayRunFor(task, { isBaseline }));
}

/** The programs that the worker must allow for the tasks of all actions, each once. */
export function requiredCommands({
  start,
  loop,
  finish,
}: Pick<Experiment, 'start' | 'loop' | 'finish'>): readonly string[] {
  return [...new Set([...start, ...loop, ...finish].flatMap((task) => requiredCommand(task) ?? []))];
}

/** The program that the worker must allow for the task; undefined for tasks that run none. */
export function requiredCommand<K extends TaskKind>(task: Task<K>): string | undefined {
  return taskTraits[task.kind].command?.(task);
}

/** How long a load on one version takes if the version keeps up. */
export function plannedLoadMs(
  amount: LoadAmount,
  { requestsPerSecond }: Pick<LoadedVersion, 'requestsPerSecond'>,
): number {
  return amount.kind === 'duration' ? amount.durationMs : (amount.count / requestsPerSecond) * 1000;
}
