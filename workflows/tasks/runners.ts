import type { TaskKind } from '../../core/experiment/task-kinds.ts';
import { runCollectTask } from './runners/collect.ts';
import { runExecTask } from './runners/exec.ts';
import { runHttpTask } from './runners/http.ts';
import { runInitTask } from './runners/init-experiment.ts';
import { runReadinessTask } from './runners/readiness.ts';
import { runScriptTask } from './runners/script.ts';
import { runSlackTask } from './runners/slack.ts';
import type { TaskRunner } from './task-execution.ts';

/** The runner of each kind of task. */
export const runners: { readonly [K in TaskKind]: TaskRunner<K> } = {
  'init-experiment': runInitTask,
  exec: runExecTask,
  script: runScriptTask,
  readiness: runReadinessTask,
  collect: runCollectTask,
  http: runHttpTask,
  slack: runSlackTask,
};
