import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { acquireTarget, activitiesFor, readCalendar, readManifest } from './activities.ts';
import { formatClosure } from '../core/experiment/calendar.ts';
import type { Closure } from '../core/experiment/calendar.ts';
import type { Experiment } from '../core/experiment/experiment.ts';
import type { ExperimentState, FirstStep } from '../core/planner/experiment-state.ts';
import {
  enterInitializing,
  enterRunning,
  enterWaiting,
  startClock,
  waitForHolder,
  withClosure,
  withFoundVersions,
} from '../core/planner/state-transitions.ts';
import { firstWeights } from '../core/planner/share-among-candidates.ts';
import { currentWeights } from '../core/planner/candidate-state.ts';
import { onlyWaits } from '../core/tasks/task.ts';
import { movesTraffic } from '../core/experiment/versions.ts';
import { Unreadable } from '../contract/payload-converter.ts';
import type { PreflightReport, ReadButRefused, WorkflowLimits } from '../contract/preparation.ts';
import type { ManifestInput } from '../contract/workflow.ts';
import type { Ending } from './ending.ts';
import { failureFacts } from './failures.ts';
import { finish, finishBake } from './finish.ts';
import { deliverNotices } from './notices.ts';
import { observeUntilDecided } from './loop.ts';
import { currentTimeMs } from './run/clock.ts';
import { loadedExperiment, asHolder, renewHistory, update } from './run/run.ts';
import type { Run } from './run/run.ts';
import { runTask } from './tasks/run-task.ts';
import { shiftTraffic } from './traffic.ts';
import { defined } from '../core/text/defined.ts';
import { findEncodingProblem, formatEncodingProblem } from '../core/text/encoding.ts';

/** The experiment from start to end, stage by stage; a run that was continued as new goes on where it was. */
export async function runStages(run: Run, manifest: ManifestInput | null): Promise<Ending> {
  for (;;) {
    const { stage } = run.state;
    switch (stage) {
      case 'Reading':
        await read(run, manifest);
        break;
      case 'Waiting':
        await ownTarget(run);
        break;
      case 'Initializing':
        await initialize(run);
        break;
      case 'Starting':
        await takeFirstStep(run);
        break;
      case 'Running':
        return finish(run, await observeUntilDecided(run));
      case 'Baking':
        return finishBake(run);
      case 'Finishing':
      case 'Completed':
        throw new Error(`nothing goes on in stage ${stage}`);
    }
  }
}

async function read(run: Run, manifest: ManifestInput | null): Promise<void> {
  try {
    const limits = workflowLimits();
    const reading = await readManifest({ manifest: readableManifest(manifest ?? ''), ...defined({ limits }) });
    update(run, enterWaiting(run.state, reading));
  } catch (error) {
    const { reading } = (failureFacts(error).details ?? {}) as Partial<ReadButRefused>;
    if (reading !== undefined) update(run, enterWaiting(run.state, reading));
    throw error;
  }
}

/** Undefined where the workflow was given none, which some servers tell as 0. */
function workflowLimits(): WorkflowLimits | undefined {
  const { executionTimeoutMs = 0, runTimeoutMs = 0 } = workflowInfo();
  if (executionTimeoutMs === 0 && runTimeoutMs === 0) return undefined;
  return defined({ executionMs: executionTimeoutMs || undefined, runMs: runTimeoutMs || undefined });
}

async function ownTarget(run: Run): Promise<void> {
  const experiment = loadedExperiment(run);
  const { namespace, target, whenHeld } = experiment;
  for (;;) {
    await renewHistory(run);
    await deliverNotices(run);
    const seen = run.state.waitingFor?.firstRunId;
    const request = { namespace, target, holder: asHolder(run), whenHeld, ...defined({ seen }) };
    const acquisition = await untilWoken(run, () => acquireTarget(request));
    if (acquisition === 'woken') continue;
    if (acquisition.kind === 'acquired') return update(run, enterInitializing(run.state, experiment));
    update(run, waitForHolder(run.state, { ...acquisition.by, why: acquisition.why }));
  }
}

/** An attempt at the target with its retries; `woken` where it was cut short because the target is free. */
async function untilWoken<T>(run: Run, attempt: () => Promise<T>): Promise<T | 'woken'> {
  const outer = CancellationScope.current();
  const scope = new CancellationScope();
  run.lookAgain = () => scope.cancel();
  try {
    return await scope.run(attempt);
  } catch (error) {
    const isWoken = scope.consideredCancelled && !outer.consideredCancelled;
    // Whatever an attempt ends with that was cut short is not tried again by itself.
    if (isWoken && (isCancellation(error) || error instanceof ActivityFailure)) return 'woken';
    throw error;
  } finally {
    delete run.lookAgain;
  }
}

/** Fills in the versions that the manifest leaves to discovery. */
async function discover(run: Run): Promise<void> {
  const experiment = loadedExperiment(run);
  if (!experiment.discovers) return;
  const versions = await activitiesFor(experiment).discoverVersions({ experiment });
  update(run, withFoundVersions(run.state, experiment, versions));
}

/**
 * Start actions that only wait come first, as what they wait for may be what is checked. All others run only where nothing refuses
 * the experiment, and what they have changed is checked again.
 */
async function initialize(run: Run): Promise<void> {
  await discover(run);
  const experiment = loadedExperiment(run);
  const firstAct = experiment.start.findIndex((task) => !onlyWaits(task));
  for (const [index, task] of experiment.start.entries()) {
    if (index === firstAct) await check(run);
    await runTask(run, task, { version: experiment.baseline, place: { action: 'start', index } });
  }
  update(run, enterRunning(run.state, experiment, await check(run)));
}

async function check(run: Run): Promise<PreflightReport> {
  const experiment = loadedExperiment(run);
  const { awaitReadiness, preflight } = activitiesFor(experiment);
  await awaitReadiness({ experiment });
  return preflight({ experiment, holder: asHolder(run) });
}

/** The first step is a weight increase too, so a pause or a calendar holds it back. A conformance test takes none. */
async function takeFirstStep(run: Run): Promise<void> {
  const experiment = loadedExperiment(run);
  await untilMayAdvance(run);
  if (movesTraffic(experiment)) {
    const { weights, reason } = beginning(experiment, run.state);
    await shiftTraffic(run, weights, reason);
  }
  update(run, startClock(run.state, experiment, currentTimeMs()));
}

/** Waits until nobody has paused the run and its calendars are open. What was checked before they closed is checked again. */
async function untilMayAdvance(run: Run): Promise<void> {
  for (;;) {
    const wasClosed = run.state.closed !== undefined;
    if (wasClosed) await deliverNotices(run);
    await condition(() => run.state.paused === undefined);
    const closed = await askCalendars(run);
    update(run, withClosure(run.state, closed));
    if (closed !== undefined) {
      await renewHistory(run);
      await deliverNotices(run);
      await sleep(untilAskedAgain(closed), { summary: formatClosure(closed) });
    } else if (wasClosed) {
      update(run, enterRunning(run.state, loadedExperiment(run), await check(run)));
      // It may have been paused while the calendars were asked.
    } else if (run.state.paused === undefined) return;
  }
}

async function askCalendars(run: Run): Promise<Closure | undefined> {
  const experiment = loadedExperiment(run);
  if (run.state.preflight?.hasCalendar === undefined || !movesTraffic(experiment)) return undefined;
  const { namespace, calendar } = experiment;
  return (await readCalendar({ namespace, ...defined({ calendar }) })).closed;
}

/** A freeze may be lifted early. */
const longestClosedMs = 5 * 60_000;

function untilAskedAgain({ untilMs }: Closure): number {
  return untilMs === undefined ? longestClosedMs : Math.min(Math.max(1000, untilMs - currentTimeMs()), longestClosedMs);
}

function beginning(experiment: Experiment, { candidateStates, preflight }: ExperimentState): FirstStep {
  const present = currentWeights(candidateStates);
  if (experiment.deploymentPattern === 'FixedSplit') {
    return { weights: present, reason: `fixed split, ${present.map((weight) => `${weight} %`).join(', ')}` };
  }
  return preflight?.firstStep ?? firstWeights(experiment, undefined);
}

/** Present in Temporal's sandbox, but not among the types of the language itself. */
declare const TextDecoder: new () => { decode(bytes: ArrayBufferView): string };

/** Bytes become text, so that the Web UI shows the manifest in the input of the activity that reads it. */
function readableManifest(manifest: ManifestInput): string | object {
  if (manifest instanceof Unreadable) {
    throw ApplicationFailure.nonRetryable(`the manifest cannot be read: ${manifest.reason}`, 'InvalidManifest');
  }
  // Bytes come from outside the sandbox, where `instanceof Uint8Array` would compare with another class.
  return ArrayBuffer.isView(manifest) ? decodeManifest(manifest) : manifest;
}

function decodeManifest(view: ArrayBufferView): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const problem = findEncodingProblem(bytes);
  if (problem === undefined) return new TextDecoder().decode(bytes);
  throw ApplicationFailure.nonRetryable(formatEncodingProblem('manifest', problem), 'InvalidManifest');
}
