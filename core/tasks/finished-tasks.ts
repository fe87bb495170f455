import type { Experiment } from '../experiment/experiment.ts';
import { parseHelmCommand, shownArguments } from './helm-command.ts';
import { formatCommand } from './redact.ts';
import { isHelm, renderArgs } from './task.ts';

/** A Helm release as a command left it. */
export interface ReleaseFacts {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  /** `deployed`, `failed`, … */
  readonly status: string;
}

/** A command that has run to its end, and for helm the release that it left. */
export interface FinishedTask {
  readonly command: string;
  readonly args: readonly string[];
  readonly release?: ReleaseFacts;
}

/**
 * Formats finished tasks, `helm upgrade app chart (release default/app at revision 3, deployed), kubectl annotate …`,
 * secrets hidden.
 */
export function formatFinished(tasks: readonly FinishedTask[]): string {
  return tasks.map(formatTask).join(', ');
}

function formatTask({ command, args, release }: FinishedTask): string {
  const text = formatCommand(command, args);
  if (release === undefined) return text;
  const { namespace, name, revision, status } = release;
  return `${text} (release ${namespace}/${name} at revision ${revision}, ${status})`;
}

/** The helm commands that bring the releases of the finish actions back to the baseline, as people run them. */
export function mendingCommands({ finish, baseline, target }: Experiment): readonly string[] {
  return finish.filter(isHelm).flatMap((task) => {
    const rendered = renderArgs(task, baseline);
    const command = rendered.kind === 'ok' ? parseHelmCommand(rendered.args) : undefined;
    if (command?.kind !== 'upgrade') return [];
    return [formatCommand('helm', shownArguments(command.upgrade, target.namespace))];
  });
}
