import { currentWeights } from '../core/planner/candidate-state.ts';
import { allVersions, movesTraffic, trafficShares } from '../core/experiment/versions.ts';
import { defined } from '../core/text/defined.ts';
import { formatWriteId } from '../core/traffic/fencing.ts';
import type { ExpectedState, QueryMetricsInput } from '../contract/observation.ts';
import { currentTimeMs } from './run/clock.ts';
import { loadedExperiment } from './run/run.ts';
import type { Run } from './run/run.ts';

/** What is asked of the request metrics: all since the last observation. */
export function buildQuery(run: Run): QueryMetricsInput {
  const experiment = loadedExperiment(run);
  const { namespace, target } = experiment;
  const { observedUntilMs: fromMs, checkpoint } = run.state.clock;
  const revisions = allVersions(experiment).map(({ revision }) => revision);
  return {
    namespace,
    target,
    revisions,
    fromMs,
    askedAtMs: currentTimeMs(),
    ...defined({ checkpoint, expected: expectedState(run) }),
  };
}

/** Undefined until the cluster has confirmed a write. */
function expectedState(run: Run): ExpectedState | undefined {
  const experiment = loadedExperiment(run);
  const { firstRunId, candidateStates, traffic } = run.state;
  if (!movesTraffic(experiment) || traffic.sequence === 0 || !traffic.confirmed) return undefined;
  const shares = trafficShares(experiment, currentWeights(candidateStates));
  return { firstRunId, shares, plan: formatWriteId({ firstRunId, sequence: traffic.sequence }) };
}
