import { defined } from '../../../core/text/defined.ts';
import type { Header, LoadedVersion } from '../../../core/experiment/task-kinds.ts';
import { withCollected } from '../../../core/planner/state-transitions.ts';
import { withVersion } from '../../../core/tasks/task-context.ts';
import type { TaskContext } from '../../../core/tasks/task-context.ts';
import { renderText } from '../../../core/tasks/task.ts';
import { showParts } from '../../../core/tasks/template.ts';
import type { LoadTarget } from '../../../contract/tasks.ts';
import { taskActivities } from '../../activities.ts';
import { loadedExperiment, update } from '../../run/run.ts';
import { finishedTask, requireParts } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runCollectTask: TaskRunner<'collect'> = async (task, { run, context }) => {
  const { amount, connections, payload, contentType } = task;
  const { counts } = await taskActivities(loadedExperiment(run)).collectMetrics({
    namespace: loadedExperiment(run).namespace,
    targets: task.versions.map((version) => renderLoadTarget(version, context)),
    amount,
    connections,
    ...defined({ payload, contentType }),
    limitMs: loadedExperiment(run).taskLimitMs,
  });
  if (!task.loadOnly) update(run, withCollected(run.state, counts));
  return finishedTask('metrics/collect');
};

function renderLoadTarget({ name, url, headers, requestsPerSecond }: LoadedVersion, context: TaskContext): LoadTarget {
  const ofVersion = withVersion(context, name);
  const text = (template: string): string =>
    // A load has no secrets, so all parts are text.
    showParts(requireParts(renderText(template, ofVersion, { delimiters: 'both', hasSecret: false })));
  const rendered = headers.map((header: Header) => [header.name, text(header.value)]);
  return { name, url: text(url), headers: Object.fromEntries(rendered), requestsPerSecond };
}
