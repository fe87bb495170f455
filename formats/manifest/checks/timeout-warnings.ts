import type { Experiment } from '../../../core/experiment/experiment.ts';
import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
import { isHelm } from '../../../core/tasks/task.ts';
import { formatDuration } from '../../../core/text/duration.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Warns of a helm that may wait for longer than a task may run, since it would be stopped in the midst of its upgrade. */
export function warnOfTimeouts({ finish, taskLimitMs }: Pick<Experiment, 'finish' | 'taskLimitMs'>): ValueIssue[] {
  return finish.flatMap((task, index) => {
    if (!isHelm(task)) return [];
    const command = parseHelmCommand(task.args);
    const word = task.args.findLastIndex((arg) => /^--timeout(?:=|$)/.test(arg));
    if (command.kind === 'unsupported' || word === -1 || command.upgrade.timeoutMs <= taskLimitMs) return [];
    const path = ['spec', 'strategy', 'actions', 'finish', index, 'with', 'args', word];
    const expected = `a timeout of at most the ${formatDuration(taskLimitMs)} that a task may run (serin.dev/task-limit), after which helm is stopped`;
    return [{ path, atKey: false, expected, got: formatDuration(command.upgrade.timeoutMs) }];
  });
}
