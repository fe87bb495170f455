import type { Experiment, ObjectName } from '../../core/experiment/experiment.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import type { JudgedRevision, Revisions } from '../../contract/traffic.ts';
import { serviceLabel } from '../../kubernetes/knative/api.ts';
import { containerImage, unmet } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { notReady, serviceDoubt } from './readiness.ts';

/**
 * Checks once whether the target and all revisions are ready. Fails as `NotReady`, naming all that is not, and as
 * `PreflightRefused` for a revision of another service.
 */
export async function awaitReadiness(
  cluster: ActivityCluster,
  { experiment }: { readonly experiment: Experiment },
): Promise<Revisions> {
  const { target } = experiment;
  const [service, ...judged] = await Promise.all([
    cluster.readService(target),
    ...allVersions(experiment).map(({ revision }, index) =>
      readJudged(cluster, target, { name: revision, role: index === 0 ? 'baseline' : 'candidate' }),
    ),
  ]);
  const doubts = [serviceDoubt(service, target), ...judged.map(({ doubt }) => doubt)].filter(
    (doubt) => doubt !== undefined,
  );
  if (doubts.length > 0) throw notReady(doubts.join('; '));
  return judged.map(({ revision }) => revision);
}

interface Judged {
  readonly revision: JudgedRevision;
  readonly doubt?: string;
}

async function readJudged(
  cluster: ActivityCluster,
  target: ObjectName,
  { name, role }: { readonly name: string; readonly role: string },
): Promise<Judged> {
  const revision = await cluster.readRevision({ namespace: target.namespace, name });
  const words = `${role} revision ${target.namespace}/${name}`;
  if (revision === undefined) return { revision: { revision: name, image: '' }, doubt: `${words} does not exist` };
  const owner = revision.metadata.labels?.[serviceLabel];
  if (owner !== target.name) {
    const message = `${words} belongs to Knative Service ${owner ?? '(none)'}, not to ${target.name}; name a revision of the target`;
    throw failure('PreflightRefused', { message });
  }
  const reason = unmet(revision.status?.conditions, 'Ready');
  return {
    revision: { revision: name, image: containerImage(revision) },
    ...(reason === undefined ? {} : { doubt: `${words} is not ready: ${reason}` }),
  };
}
