import { ApplicationFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { FinishedTask } from '../../core/tasks/finished-tasks.ts';
import { withVersion } from '../../core/tasks/task-context.ts';
import type { TaskContext } from '../../core/tasks/task-context.ts';
import { notificationBody, notificationText } from '../../core/tasks/notification-text.ts';
import { withCollected } from '../../core/planner/state-transitions.ts';
import { isHelm, renderArgs, renderText } from '../../core/tasks/task.ts';
import type { Header, LoadedVersion, Task, TaskKind } from '../../core/experiment/task-kinds.ts';
import { showParts } from '../../core/tasks/template.ts';
import type { TemplatePart, RenderedParts } from '../../core/tasks/template.ts';
import { activitiesFor, notifyHttp, notifySlack, objectsProxy } from '../activities.ts';
import type { LoadTarget, RunTaskResult } from '../../contract/tasks.ts';
import { failureFacts, isUnheard } from '../failures.ts';
import type { ActionName } from './task-context.ts';
import { loadedExperiment, asHolder, update, addWarnings } from '../run/run.ts';
import type { Run } from '../run/run.ts';

/** Which task of which action; `loop` is the number of the loop that has just ended. */
export interface TaskPlace {
  readonly action: ActionName;
  readonly index: number;
  readonly loop?: number;
}

export interface TaskExecution {
  readonly run: Run;
  readonly place: TaskPlace;
  readonly context: TaskContext;
}

type Runner<K extends TaskKind> = (task: Task<K>, step: TaskExecution) => Promise<FinishedTask>;

/** What carries out each kind of task. Texts are rendered here, so that the Web UI shows what is done; secrets are not. */
export const runners: { readonly [K in TaskKind]: Runner<K> } = {
  'init-experiment': async (_task, { run }) => {
    const experiment = loadedExperiment(run);
    await activitiesFor(experiment).awaitReadiness({ experiment });
    return ran('knative/init-experiment');
  },

  exec: async (task, { run, context }) => {
    const { command } = task;
    const rendered = renderArgs(task, context.version);
    if (rendered.kind === 'invalid') throw invalid(rendered.problem);
    const { args } = rendered;
    const { runHelm, runCommand } = activitiesFor(loadedExperiment(run));
    const input = { ...atWork(run), command, args };
    const { release } = await untilGone(run, () => (isHelm(task) ? runHelm(input) : runCommand(input)));
    return { command, args, ...(release === undefined ? {} : { release }) };
  },

  script: async ({ script, delimiters, secret }, { run, context }) => {
    const { runScript } = activitiesFor(loadedExperiment(run));
    const parts = requireParts(
      renderText(script, context, { delimiters, hasSecret: secret !== undefined, isScript: true }),
    );
    await untilGone(run, () =>
      runScript({ ...atWork(run), script: parts, ...(secret === undefined ? {} : { secret }) }),
    );
    return ran('bash');
  },

  readiness: async (task, _step) => {
    if (task.initialDelayMs > 0) await sleep(task.initialDelayMs, { summary: 'before the first look at the objects' });
    await objectsProxy(task).checkObjects({ objects: task.objects });
    return ran('common/readiness');
  },

  collect: async (task, { run, context }) => {
    const { amount, connections, payload, contentType } = task;
    const { counts } = await activitiesFor(loadedExperiment(run)).collectMetrics({
      targets: task.versions.map((version) => renderLoadTarget(version, context)),
      amount,
      connections,
      ...(payload === undefined ? {} : { payload }),
      ...(contentType === undefined ? {} : { contentType }),
      limitMs: loadedExperiment(run).taskLimitMs,
    });
    if (!task.loadOnly) update(run, withCollected(run.state, counts));
    return ran('metrics/collect');
  },

  http: async (task, step) => {
    const { method, auth, secret, body, ignoreFailure } = task;
    const render = (text: string): readonly TemplatePart[] =>
      requireParts(renderText(text, step.context, { delimiters: 'both', hasSecret: secret !== undefined }));
    const input = {
      url: render(task.url),
      method,
      headers: task.headers.map(({ name, value }) => ({ name, value: render(value) })),
      body: body === undefined ? [notificationBody(step.context)] : render(body),
      auth,
      ...(secret === undefined ? {} : { secret }),
      idempotencyKey: taskIdempotencyKey(step),
    };
    await sendNotification(step, { name: 'notification/http', ignoreFailure, send: () => notifyHttp(input) });
    return ran('notification/http');
  },

  slack: async ({ channel, secret, ignoreFailure }, step) => {
    const input = { channel, text: notificationText(step.context), secret, idempotencyKey: taskIdempotencyKey(step) };
    await sendNotification(step, { name: 'notification/slack', ignoreFailure, send: () => notifySlack(input) });
    return ran('notification/slack');
  },
};

/** A task that is no command, as messages name it. */
function ran(command: string): FinishedTask {
  return { command, args: [] };
}

function atWork(run: Run) {
  const { target, taskLimitMs: limitMs } = loadedExperiment(run);
  return { target, holder: asHolder(run), limitMs };
}

/** From the limit of a command to the end of its processes, with a margin. */
const stopMs = 15_000;

/** Whatever may write to the target is kept in mind until it is known to be gone. */
async function untilGone(run: Run, work: () => Promise<RunTaskResult>): Promise<RunTaskResult> {
  run.taskStarted = true;
  try {
    return await work();
  } catch (error) {
    // Its worker may have lost Temporal only, and go on until the command's own limit.
    if (isUnheard(error)) run.tasksGoneAtMs = Date.now() + loadedExperiment(run).taskLimitMs + stopMs;
    throw error;
  }
}

function renderLoadTarget({ name, url, headers, requestsPerSecond }: LoadedVersion, context: TaskContext): LoadTarget {
  const ofVersion = withVersion(context, name);
  const text = (template: string): string =>
    // A load has no secrets, so all parts are text.
    showParts(requireParts(renderText(template, ofVersion, { delimiters: 'both', hasSecret: false })));
  const rendered = headers.map((header: Header) => [header.name, text(header.value)]);
  return { name, url: text(url), headers: Object.fromEntries(rendered), requestsPerSecond };
}

interface OutgoingNotification {
  readonly name: string;
  readonly ignoreFailure: boolean;
  readonly send: () => Promise<void>;
}

/** Whoever cannot be told does not stop the experiment, unless the task says so. */
async function sendNotification(
  { run }: TaskExecution,
  { name, ignoreFailure, send }: OutgoingNotification,
): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!ignoreFailure || isCancellation(error)) throw error;
    addWarnings(run, `${name} failed, which it may: ${failureFacts(error).message}`);
  }
}

/** One key for each task of each action of a run, and of each loop: the same however often it is tried. */
function taskIdempotencyKey({ run, place: { action, index, loop } }: TaskExecution): string {
  return [run.state.firstRunId, loop === undefined ? action : `${action}-${loop}`, String(index)].join('/');
}

function requireParts(rendered: RenderedParts): readonly TemplatePart[] {
  if (rendered.kind === 'invalid') throw invalid(rendered.problem);
  return rendered.parts;
}

/** What lint has let through cannot happen; a bug must not run half a command. */
function invalid(problem: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(problem, 'InvalidManifest');
}
