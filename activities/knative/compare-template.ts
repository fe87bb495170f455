import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { jsonDifferences } from './json-differences.ts';
import type { JsonDifference } from './json-differences.ts';

/**
 * Everything in which the template that a service would have differs from the revision that was judged, each as a sentence.
 *
 * Knative takes a template under the name of an existing revision only if its spec equals the revision's
 * (`CheckNameAvailability` in knative.dev/serving `pkg/reconciler/configuration/resources`).
 *
 * @param remedy what to do when it is the template of another revision.
 */
export function compareTemplate(service: KnativeService, judged: Revision, remedy: string): readonly string[] {
  const name = `Knative Service ${formatObjectName(service.metadata)}`;
  const { metadata, spec } = service.spec.template ?? {};
  const wanted = judged.metadata.name;
  if (metadata?.name !== wanted) {
    const found =
      metadata?.name === undefined ? 'a template without a revision name' : `the template of revision ${metadata.name}`;
    return [`${name} would have ${found}, but ${wanted} was judged; ${remedy}`];
  }
  return jsonDifferences(spec, judged.spec).map((difference) => {
    return `the template of ${name} would differ from revision ${wanted}, which was judged: ${formatDifference(difference)}`;
  });
}

function formatDifference({ path, found, wanted }: JsonDifference): string {
  return `${path || 'spec'} is ${shown(found)} instead of ${shown(wanted)}`;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
