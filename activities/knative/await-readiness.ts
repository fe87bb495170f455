import type { Experiment, ObjectName } from '../../core/experiment/experiment.ts';
import { allVersions } from '../../core/experiment/versions.ts';
import { needsRevisions } from '../../core/measurements/load-test.ts';
import { defined } from '../../core/text/defined.ts';
import type { JudgedRevision, Revisions } from '../../contract/traffic.ts';
import { serviceLabel } from '../../kubernetes/knative/api.ts';
import { containerImage, unmet } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { listDoubts, notReady, serviceDoubt } from './readiness.ts';

/**
 * Checks once whether the target and all revisions are ready; one that need not be there has no image. Fails as `NotReady`,
 * naming all that is not, and as `PreflightRefused` for a revision of another service.
 */
export async function awaitReadiness(
  cluster: ActivityCluster,
  { experiment }: { readonly experiment: Experiment },
): Promise<Revisions> {
  const { target } = experiment;
  const [service, ...judged] = await Promise.all([
    cluster.readService(target),
    ...allVersions(experiment).map(({ revision }, index) => {
      const role = index === 0 ? 'baseline' : 'candidate';
      return readJudged(cluster, target, { name: revision, role, isNeeded: needsRevisions(experiment) });
    }),
  ]);
  const doubts = listDoubts(serviceDoubt(service, target), judged);
  if (doubts.length > 0) throw notReady(doubts.join('; '));
  return judged.map(({ revision }) => revision);
}

interface Judged {
  readonly revision: JudgedRevision;
  readonly doubt?: string;
  /** The message of the condition behind the doubt, which Knative repeats in the service's. */
  readonly message?: string;
}

async function readJudged(
  cluster: ActivityCluster,
  target: ObjectName,
  { name, role, isNeeded }: { readonly name: string; readonly role: string; readonly isNeeded: boolean },
): Promise<Judged> {
  const revision = await cluster.readRevision({ namespace: target.namespace, name });
  const words = `${role} revision ${target.namespace}/${name}`;
  const absent = { revision: name, image: '' };
  if (revision === undefined) return { revision: absent, ...(isNeeded && { doubt: `${words} does not exist` }) };
  const owner = revision.metadata.labels?.[serviceLabel];
  if (owner !== target.name) {
    const message = `${words} belongs to Knative Service ${owner ?? '(none)'}, not to ${target.name}; name a revision of the target`;
    throw failure('PreflightRefused', { message });
  }
  const judged = { revision: name, image: containerImage(revision) };
  const { conditions } = revision.status ?? {};
  const reason = unmet(conditions, 'Ready');
  if (reason === undefined) return { revision: judged };
  const message = conditions?.find(({ type }) => type === 'Ready')?.message;
  return { revision: judged, doubt: `${words} is not ready: ${reason}`, ...defined({ message }) };
}
