import { allVersions } from '../core/experiment/versions.ts';
import { defined } from '../core/text/defined.ts';
import type { QueryMetricsInput } from '../contract/observation.ts';
import { currentTimeMs } from './run/clock.ts';
import { loadedExperiment } from './run/run.ts';
import type { Run } from './run/run.ts';

/** What is asked of the request metrics: all since the last observation. */
export function buildQuery(run: Run): QueryMetricsInput {
  const experiment = loadedExperiment(run);
  const { namespace, target } = experiment;
  const { observedUntilMs: fromMs, checkpoint } = run.state.clock;
  const revisions = allVersions(experiment).map(({ revision }) => revision);
  return { namespace, target, revisions, fromMs, askedAtMs: currentTimeMs(), ...defined({ checkpoint }) };
}
