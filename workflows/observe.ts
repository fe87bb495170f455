import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import { collectedCounts, isLoadTest } from '../core/measurements/load-test.ts';
import { withoutCollected } from '../core/planner/state-transitions.ts';
import { metricVersions } from '../core/experiment/versions.ts';
import { defined } from '../core/text/defined.ts';
import type {
  ComputeWeightsInput,
  ComputeWeightsResult,
  Observation,
  QueryMetricsInput,
} from '../contract/observation.ts';
import { computeWeights, queryMetrics, withinTask } from './activities.ts';
import { buildQuery } from './query.ts';
import { currentTimeMs } from './run/clock.ts';
import { loadedExperiment, update } from './run/run.ts';
import type { Run } from './run/run.ts';

/**
 * Reads metrics, target and calendars once: within the workflow task where they answer in time, which saves the way over the server
 * ([decision 74](../docs/decisions/0074-observed-and-judged-within-the-workflow-task.md)).
 */
export async function observe(run: Run): Promise<Observation> {
  const { calendar } = loadedExperiment(run);
  const promoted = run.state.bake?.winner;
  const input = {
    ...buildQuery(run),
    ...definedMetrics(run),
    ...countedByLoad(run),
    ...defined({ calendar, promoted }),
  };
  const prompt = run.isPrompt ? await attempt(() => withinTask.queryMetrics(input)) : undefined;
  return prompt ?? observeBeside(run, input);
}

/** Judges what was measured. */
export async function judge(run: Run, input: ComputeWeightsInput): Promise<ComputeWeightsResult> {
  const prompt = run.mayBePrompt ? await attempt(() => withinTask.computeWeights(input)) : undefined;
  return prompt ?? computeWeights(input);
}

/**
 * The answer of an attempt within the workflow task; undefined where it failed, or took too long. It is not cancelled: Temporal's SDK
 * (1.24) cannot cancel a local activity that a replay has scheduled.
 */
async function attempt<T>(ask: () => Promise<T>): Promise<T | undefined> {
  const answer = await CancellationScope.nonCancellable(ask).catch(() => undefined);
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled meanwhile');
  return answer;
}

/** What has taken no longer, ms, would have been answered within the workflow task. */
const promptMs = 500;

/** Observes in an activity of its own, with retries. Sources that are slow are asked this way until they are prompt again. */
async function observeBeside(run: Run, input: QueryMetricsInput): Promise<Observation> {
  const askedAtMs = currentTimeMs();
  const observation = await queryMetrics(input);
  run.isPrompt = run.mayBePrompt && currentTimeMs() - askedAtMs <= promptMs;
  return observation;
}

/**
 * The user-defined metrics to read: since the start of the run, or since the promotion, for the threshold method, as in iter8; since the last
 * observation for the sequential test, which needs one value of each interval.
 */
function definedMetrics(run: Run): Pick<QueryMetricsInput, 'defined'> {
  const experiment = loadedExperiment(run);
  const { observedUntilMs } = run.state.clock;
  const startedAtMs = run.state.bake?.startedAtMs ?? run.state.clock.startedAtMs ?? 0;
  const { metrics } = experiment;
  if (Object.keys(metrics).length === 0) return {};
  const sinceMs = experiment.analysis.method === 'sequential' ? observedUntilMs : startedAtMs;
  return { defined: { metrics, versions: metricVersions(experiment), sinceMs } };
}

function countedByLoad(run: Run): Pick<QueryMetricsInput, 'counted'> {
  const experiment = loadedExperiment(run);
  if (!isLoadTest(experiment)) return {};
  const { collected } = run.state;
  update(run, withoutCollected(run.state));
  return { counted: collectedCounts(experiment, collected) };
}
