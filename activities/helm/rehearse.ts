import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { isJsonObject } from '../../core/text/json.ts';
import type { RenderedService } from '../../formats/rendered-chart.ts';
import type { JudgedRevision } from '../../contract/traffic.ts';
import { hasType, innermostMessage } from '../failures.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { compareTemplate } from '../knative/compare-template.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { createMergePatch } from './json-patch.ts';

export interface Rehearsal {
  readonly target: ObjectName;
  readonly judged: JudgedRevision;
  /** See `compareTemplate`. */
  readonly mayRepeat: boolean;
  /** The target in the release's manifest now, and in the one that the upgrade makes. */
  readonly before: RenderedService;
  readonly after: RenderedService;
}

/**
 * Lets the API server and Knative's webhooks say what the target would be after the upgrade, and compares its template with
 * the judged revision; returns every difference as a sentence.
 *
 * Helm changes a custom resource by the difference of the release's manifests before and after (a JSON merge patch;
 * helm.sh/helm/v3 `pkg/kube/client.go`), so what somebody else has changed meanwhile may stay.
 */
export async function rehearse(cluster: ActivityCluster, rehearsal: Rehearsal): Promise<readonly string[]> {
  const { target, judged, mayRepeat, before, after } = rehearsal;
  const name = `Knative Service ${formatObjectName(target)}`;
  const [live, revision] = await Promise.all([
    cluster.readService(target),
    cluster.readRevision({ namespace: target.namespace, name: judged.revision }),
  ]);
  if (live === undefined) return [`${name} does not exist any more`];
  if (revision === undefined) return [`revision ${judged.revision}, which was judged, does not exist any more`];
  const patch = createMergePatch(withoutIdentity(before.document), withoutIdentity(after.document));
  const outcome = await patchOutcome(cluster, target, patch);
  if ('refusal' in outcome) return [`${name} would be refused: ${outcome.refusal}`];
  const remedy =
    after.revision === undefined ? `set spec.template.metadata.name to ${judged.revision} in the chart` : leftInPlace;
  return compareTemplate({ service: outcome.service, live, judged: revision, mayRepeat, remedy });
}

const leftInPlace =
  'helm leaves in place what does not differ between the manifests of its release: put the template back first';

type Outcome = { readonly service: KnativeService } | { readonly refusal: string };

async function patchOutcome(cluster: ActivityCluster, target: ObjectName, patch: object): Promise<Outcome> {
  try {
    return { service: await cluster.rehearsePatch(target, patch) };
  } catch (error) {
    if (!hasType(error, 'Invalid')) throw error;
    return { refusal: innermostMessage(error) };
  }
}

/** The parts of a document that helm patches: it finds the object by its name and namespace. */
function withoutIdentity(document: object): Readonly<Record<string, unknown>> {
  const { metadata, spec }: { metadata?: unknown; spec?: unknown } = document;
  const { labels, annotations } = isJsonObject(metadata) ? metadata : {};
  return { metadata: { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec: spec ?? {} };
}
