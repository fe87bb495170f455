import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { versionsText } from '../../core/experiment/versions.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { workflowType } from '../../contract/names.ts';
import type { ExperimentWorkflow } from '../../contract/workflow.ts';
import { webUiAddress } from '../temporal/addresses.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { withSession } from '../temporal/connection.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { CommandError } from '../errors.ts';
import type { InputFile } from '../files/files.ts';
import { readManifestFile } from '../files/manifest.ts';
import { findMissingWorker, readTaskQueue } from '../temporal/task-queue.ts';
import { watchInSession } from './watch.ts';
import type { WatchFlags } from './watch.ts';

export interface StartFlags extends WatchFlags {
  readonly file: string;
  readonly taskQueue: string;
  /** The workflow id; `experiment/<namespace>/<name>` if absent, so that one experiment runs once. */
  readonly id?: string;
  readonly watch: boolean;
}

/** `serin start -f FILE`: checks the manifest, and starts its experiment. Fails with `refused` when it runs already. */
export async function startCommand(context: CommandContext, flags: StartFlags): Promise<CommandResult> {
  const { file, experiment, warnings } = await readManifestFile(context.terminal, flags.file);
  remark(context, ...warnings.map((warning) => `warning: ${warning}`));
  return withSession(context.connection, async (session) => {
    const workflowId = flags.id ?? `${workflowType}/${experiment.namespace}/${experiment.name}`;
    const { firstExecutionRunId } = await startWorkflow(context, { session, workflowId, file, experiment, flags });
    const started = { workflowId, runId: firstExecutionRunId, taskQueue: flags.taskQueue };
    reportStarted(context, session, started);
    await warnWithoutWorker(context, session, flags.taskQueue);
    if (flags.watch) return watchInSession(context, session, { ...flags, id: workflowId });
    return { exitCode: 0, json: { ...started, webUi: webUiAddress(session, started), warnings } };
  });
}

interface Start {
  readonly session: TemporalService;
  readonly workflowId: string;
  readonly file: InputFile;
  readonly experiment: Experiment;
  readonly flags: StartFlags;
}

async function startWorkflow(
  { program }: CommandContext,
  { session, workflowId, file, experiment, flags }: Start,
): Promise<WorkflowHandleWithFirstExecutionRunId> {
  try {
    return await session.client.workflow.start<ExperimentWorkflow>(workflowType, {
      taskQueue: flags.taskQueue,
      workflowId,
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: summaryText(experiment),
      // The bytes as they are: the same payload as `temporal workflow start --input-file` makes of the file.
      args: [file.bytes],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const message = `${workflowId} is running already: look at it with \`${program} watch ${workflowId}\`, end it with \`${program} abort ${workflowId}\``;
    throw new CommandError('refused', message, { cause: error });
  }
}

function summaryText(experiment: Experiment): string {
  const { testingPattern, target } = experiment;
  return `${testingPattern} ${formatObjectName(target)}: ${versionsText(experiment)}`;
}

interface Started {
  readonly workflowId: string;
  readonly runId: string;
  readonly taskQueue: string;
}

function reportStarted(context: CommandContext, session: TemporalService, started: Started): void {
  const { program } = context;
  const { workflowId, runId } = started;
  const webUi = webUiAddress(session, started);
  say(
    context,
    `Started ${workflowId}`,
    `Run     ${runId}`,
    ...(webUi === undefined ? [] : [`Web UI  ${webUi}`]),
    '',
    `  ${program} watch ${workflowId}`,
    `  ${program} describe ${workflowId}`,
    `  ${program} abort ${workflowId} --reason WHY`,
    '',
  );
}

async function warnWithoutWorker(context: CommandContext, session: TemporalService, taskQueue: string): Promise<void> {
  const missing = findMissingWorker(await readTaskQueue(session, taskQueue));
  if (missing === undefined) return;
  remark(context, `warning: ${missing.what}, so the experiment waits: ${missing.remedy}`);
}
