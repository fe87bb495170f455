import { formatObjectName } from '../../core/experiment.ts';
import type { ObjectName } from '../../core/experiment.ts';
import type { RenderedService } from '../../spec/rendered-chart.ts';
import type { JudgedRevision } from '../../workflows/contract.ts';
import { hasType, messageOf } from '../failures.ts';
import type { Cluster } from '../knative/cluster.ts';
import type { KnativeService } from '../knative/objects.ts';
import { isJsonObject, jsonDifferences, mergePatchOf } from './json-patch.ts';
import type { JsonDifference } from './json-patch.ts';

export interface Rehearsal {
  readonly target: ObjectName;
  readonly judged: JudgedRevision;
  /** The target in the release's manifest now, and in the one that the upgrade makes. */
  readonly before: RenderedService;
  readonly after: RenderedService;
}

/**
 * Lets the API server and Knative's webhooks say what the target would be after the upgrade, and compares its template with
 * the judged revision; answers every difference as a sentence.
 *
 * Helm changes a custom resource by the difference of the release's manifests before and after (a JSON merge patch;
 * helm.sh/helm/v3 `pkg/kube/client.go`), so what somebody else has changed meanwhile may stay. Knative takes a template under
 * the name of an existing revision only if its spec equals the revision's (`CheckNameAvailability` in knative.dev/serving
 * `pkg/reconciler/configuration/resources`).
 */
export async function rehearse(cluster: Cluster, rehearsal: Rehearsal): Promise<readonly string[]> {
  const { target, judged, before, after } = rehearsal;
  const name = `Knative Service ${formatObjectName(target)}`;
  const revision = await cluster.readRevision({ namespace: target.namespace, name: judged.revision });
  if (revision === undefined) return [`revision ${judged.revision}, which was judged, does not exist any more`];
  const patch = mergePatchOf(withoutIdentity(before.document), withoutIdentity(after.document));
  const outcome = await outcomeOf(cluster, target, patch);
  if ('refusal' in outcome) return [`${name} would be refused: ${outcome.refusal}`];
  const { metadata, spec } = outcome.service.spec.template ?? {};
  const found = metadata?.name ?? 'without a name';
  if (found !== judged.revision) {
    return [`${name} would have the template of revision ${found}, but ${judged.revision} was judged; ${leftInPlace}`];
  }
  return jsonDifferences(spec, revision.spec).map((difference) => {
    return `the template of ${name} would differ from revision ${judged.revision}, which was judged: ${formatDifference(difference)}`;
  });
}

const leftInPlace =
  'helm leaves in place what does not differ between the manifests of its release: put the template back first';

type Outcome = { readonly service: KnativeService } | { readonly refusal: string };

async function outcomeOf(cluster: Cluster, target: ObjectName, patch: object): Promise<Outcome> {
  try {
    return { service: await cluster.rehearsePatch(target, patch) };
  } catch (error) {
    if (!hasType(error, 'Invalid')) throw error;
    return { refusal: messageOf(error) };
  }
}

/** Helm finds objects by name; only the rest is patched. */
function withoutIdentity(document: object): Readonly<Record<string, unknown>> {
  const { metadata, spec }: { metadata?: unknown; spec?: unknown } = document;
  const { labels, annotations } = isJsonObject(metadata) ? metadata : {};
  return { metadata: { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec: spec ?? {} };
}

function formatDifference({ path, found, wanted }: JsonDifference): string {
  return `${path || 'spec'} is ${shown(found)} instead of ${shown(wanted)}`;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
