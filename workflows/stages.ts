import { condition } from '@temporalio/workflow';
import { acquireTarget, activitiesFor, readManifest } from './activities.ts';
import { formatObjectName } from '../core/experiment/experiment.ts';
import type { Experiment } from '../core/experiment/experiment.ts';
import type { ExperimentState } from '../core/planner/experiment-state.ts';
import { firstWeights } from '../core/planner/share-among-candidates.ts';
import { initialCandidateState, currentWeights } from '../core/planner/candidate-state.ts';
import { judgedVersions, movesTraffic, allVersions } from '../core/experiment/versions.ts';
import type { ManifestReading, ReadButRefused } from '../contract/preparation.ts';
import type { Acquisition } from '../contract/traffic.ts';
import type { ManifestInput } from '../contract/workflow.ts';
import type { Ending } from './ending.ts';
import { failureFacts } from './failures.ts';
import { finish } from './finish.ts';
import { observeUntilDecided } from './loop.ts';
import { readableManifest } from './manifest-text.ts';
import { loadedExperiment, asHolder, renewHistory, update, addWarnings } from './run/run.ts';
import type { Run } from './run/run.ts';
import { runTask } from './tasks/run-task.ts';
import { shiftTraffic } from './traffic.ts';
import { defined } from '../core/text/defined.ts';

/** The experiment from start to end, stage by stage; a run that was continued as new goes on where it was. */
export async function runStages(run: Run, manifest: ManifestInput | null): Promise<Ending> {
  if (run.state.experiment === undefined) await read(run, manifest);
  if (run.state.stage === 'Waiting') await ownTarget(run);
  if (run.state.stage === 'Initializing') await initialize(run);
  if (run.state.startedAtMs === undefined) await takeFirstStep(run);
  return finish(run, await observeUntilDecided(run));
}

async function read(run: Run, manifest: ManifestInput | null): Promise<void> {
  try {
    adopt(run, await readManifest({ manifest: readableManifest(manifest ?? '') }));
  } catch (error) {
    const { reading } = (failureFacts(error).details ?? {}) as Partial<ReadButRefused>;
    if (reading !== undefined) adopt(run, reading);
    throw error;
  }
}

function adopt(run: Run, { experiment, warnings, searchAttributes, temporalAddress }: ManifestReading): void {
  update(run, { ...run.state, experiment, searchAttributes, temporalAddress });
  addWarnings(run, ...warnings);
}

async function ownTarget(run: Run): Promise<void> {
  const { target } = loadedExperiment(run);
  for (;;) {
    await renewHistory(run);
    const seen = run.state.waitingFor?.firstRunId;
    const input = { target, holder: asHolder(run), ...defined({ seen }) };
    const acquisition = await acquireTarget(input);
    if (acquisition.kind === 'acquired') return startInitializing(run);
    showHolder(run, acquisition);
  }
}

function showHolder(run: Run, { by, why }: Extract<Acquisition, { kind: 'held' }>): void {
  const message = `ExperimentInitialized: waiting for ${by.workflowId}, which holds the target`;
  update(run, { ...run.state, waitingFor: { ...by, why }, message });
}

function startInitializing(run: Run): void {
  const { waitingFor: _, ...state } = run.state;
  const target = formatObjectName(loadedExperiment(run).target);
  update(run, { ...state, stage: 'Initializing', message: `TargetAcquired: Target ${target} acquired` });
}

/** Names the versions that the manifest left to be found. */
async function discover(run: Run): Promise<void> {
  const experiment = loadedExperiment(run);
  if (!experiment.discovers) return;
  const versions = await activitiesFor(experiment).discoverVersions({ experiment });
  update(run, { ...run.state, experiment: { ...experiment, ...versions, discovers: false } });
}

async function initialize(run: Run): Promise<void> {
  await discover(run);
  const experiment = loadedExperiment(run);
  const { awaitReadiness, preflight } = activitiesFor(experiment);
  for (const [index, task] of experiment.start.entries()) {
    await runTask(run, task, { version: experiment.baseline, place: { action: 'start', index } });
  }
  await awaitReadiness({ experiment });
  const report = await preflight({ experiment, holder: asHolder(run) });
  const { revisions, weights, tags, warnings, correlations, firstStep, digests } = report;
  const images = Object.fromEntries(
    allVersions(experiment).map(({ name }, index) => [name, revisions[index]?.image ?? '']),
  );
  const message = 'StageAdvanced: Advanced to Running';
  update(run, {
    ...run.state,
    experiment: { ...experiment, ...defined({ correlations }) },
    verified: movesTraffic(experiment),
    tags,
    images,
    candidateStates: judgedVersions(experiment).map((_, index) => initialCandidateState(weights[index])),
    ...defined({ firstStep, digests }),
    stage: 'Running',
    message,
  });
  addWarnings(run, ...warnings);
}

/** The first step is a weight increase too, so a pause holds it back. A conformance test takes none. */
async function takeFirstStep(run: Run): Promise<void> {
  const experiment = loadedExperiment(run);
  await condition(() => run.state.paused === undefined);
  if (movesTraffic(experiment)) {
    const { weights, reason } = beginning(experiment, run.state);
    await shiftTraffic(run, weights, reason);
  }
  const startedAtMs = Date.now();
  const confirmed = run.state.confirmed || !movesTraffic(experiment);
  update(run, { ...run.state, confirmed, startedAtMs, deadlineMs: startedAtMs, observedUntilMs: startedAtMs });
}

function beginning(
  experiment: Experiment,
  { candidateStates, firstStep: chosen }: ExperimentState,
): NonNullable<ExperimentState['firstStep']> {
  const present = currentWeights(candidateStates);
  if (experiment.deploymentPattern === 'FixedSplit') {
    return { weights: present, reason: `fixed split, ${present.map((weight) => `${weight} %`).join(', ')}` };
  }
  return chosen ?? firstWeights(experiment, undefined);
}
