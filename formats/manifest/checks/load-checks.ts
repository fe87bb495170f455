import { formatDuration } from '../../../core/text/duration.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import { plannedLoadMs } from '../../../core/tasks/task.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** Refuses loads that take as long as a task may, since each would be stopped. */
export function checkLoads({ start, loop, finish, taskLimitMs }: Experiment): ValueIssue[] {
  return Object.entries({ start, loop, finish }).flatMap(([action, tasks]) =>
    tasks.flatMap((task, index) => {
      if (task.kind !== 'collect') return [];
      const longestMs = Math.max(...task.versions.map((version) => plannedLoadMs(task.amount, version)));
      if (longestMs < taskLimitMs) return [];
      const path = ['spec', 'strategy', 'actions', action, index, 'with'];
      const expected = `a load that is shorter than serin.dev/task-limit, ${formatDuration(taskLimitMs)}`;
      return [{ path, atKey: false, expected, got: formatDuration(longestMs) }];
    }),
  );
}
