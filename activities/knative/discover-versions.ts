import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { Experiment, Version } from '../../core/experiment/experiment.ts';
import { formatPercents, percentsByRevision } from '../../core/traffic/spec-traffic.ts';
import type { DiscoveredVersions } from '../../contract/preparation.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { notReady, serviceDoubt } from './readiness.ts';

/**
 * Finds the versions of an experiment that names none: the baseline is the revision that has all the traffic, the candidate the
 * newest ready one. Fails as `NotReady` while there is no newer revision, and as `PreflightRefused` where the traffic is split.
 */
export async function discoverVersions(
  cluster: ActivityCluster,
  { experiment }: { readonly experiment: Experiment },
): Promise<DiscoveredVersions> {
  const { target, testingPattern } = experiment;
  const service = await cluster.readService(target);
  const doubt = serviceDoubt(service, target);
  if (doubt !== undefined || service === undefined) throw notReady(doubt ?? '');
  const baseline = servingRevision(service, experiment);
  const found = { baseline: withRevision(experiment.baseline, baseline), candidates: [] };
  if (testingPattern === 'Conformance') return found;
  const newest = newestRevision(service, experiment, baseline);
  return { ...found, candidates: experiment.candidates.map((candidate) => withRevision(candidate, newest)) };
}

function servingRevision({ status }: KnativeService, { target }: Experiment): string {
  const percents = percentsByRevision(status?.traffic ?? []);
  const [only, ...others] = percents.keys();
  if (only !== undefined && others.length === 0) return only;
  const message = `${formatObjectName(target)}: which revision is the baseline cannot be told from its traffic, ${formatPercents(percents)}; name the versions in versionInfo`;
  throw failure('PreflightRefused', { message });
}

function newestRevision({ status }: KnativeService, { target }: Experiment, baseline: string): string {
  const newest = status?.latestReadyRevisionName;
  if (newest !== undefined && newest !== baseline) return newest;
  throw notReady(
    `${formatObjectName(target)} has no revision that is newer than ${baseline} and ready; deploy the candidate`,
  );
}

function withRevision({ name, variables }: Version, revision: string): Version {
  return { name, revision, variables: { ...variables, revision } };
}
