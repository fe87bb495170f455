import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import { jsonDifferences } from './json-differences.ts';
import type { JsonDifference } from './json-differences.ts';

/** A service as it would be, and what it is compared with. */
export interface TemplateComparison {
  readonly service: KnativeService;
  /** The service as it is. */
  readonly live: KnativeService;
  readonly judged: Revision;
  /**
   * Whether the judged template may come back under another name: a roll back of a chart that names no revisions. The new
   * revision must get no traffic, since nobody has judged it.
   */
  readonly mayRepeat: boolean;
  /** What to do when it is the template of another revision. */
  readonly remedy: string;
}

/**
 * Everything in which the template that a service would have differs from the revision that was judged, each as a sentence.
 *
 * Knative takes a template under the name of an existing revision only if its spec equals the revision's
 * (`CheckNameAvailability` in knative.dev/serving `pkg/reconciler/configuration/resources`). It makes no new revision of a
 * template that stays as it is, be it without a name.
 */
export function compareTemplate(comparison: TemplateComparison): readonly string[] {
  const { service, live, judged, mayRepeat, remedy } = comparison;
  const name = `Knative Service ${formatObjectName(service.metadata)}`;
  const { metadata, spec } = service.spec.template ?? {};
  const wanted = judged.metadata.name;
  if (metadata?.name === undefined) {
    if (keepsRevision(service, live, wanted)) return [];
    return mayRepeat ? compareRepeated(comparison) : [describeUnnamed(comparison)];
  }
  if (metadata.name !== wanted) {
    return [`${name} would have the template of revision ${metadata.name}, but ${wanted} was judged; ${remedy}`];
  }
  return jsonDifferences(spec, judged.spec).map((difference) => formatDifference(comparison, difference));
}

/** Whether the judged revision is the latest, and its template stays as it is: then Knative makes no new one. */
export function keepsRevision(service: KnativeService, live: KnativeService, judged: string): boolean {
  return live.status?.latestCreatedRevisionName === judged && templateDifferences(service, live).length === 0;
}

function templateDifferences(service: KnativeService, live: KnativeService): readonly JsonDifference[] {
  return jsonDifferences(service.spec.template, live.spec.template);
}

function describeUnnamed({ service, live, judged, remedy }: TemplateComparison): string {
  const name = `Knative Service ${formatObjectName(service.metadata)}`;
  const latest = live.status?.latestCreatedRevisionName ?? '(none)';
  const wanted = judged.metadata.name;
  const changes = templateDifferences(service, live).map(({ path }) => path);
  const why = changes.length > 0 ? `${changes.join(', ')} would change` : `the latest revision is ${latest}`;
  return `${name} would have a template without a revision name, but ${wanted} was judged: ${why}, so that Knative would make a revision that nobody judged; ${remedy}`;
}

/** The differences of a template that comes back without a name; Knative adds labels and annotations of its own to a revision. */
function compareRepeated(comparison: TemplateComparison): readonly string[] {
  const { service, judged } = comparison;
  const { metadata, spec } = service.spec.template ?? {};
  const changed = (['annotations', 'labels'] as const).flatMap((field) => {
    const found = metadata?.[field] ?? {};
    const wanted = judged.metadata[field] ?? {};
    const known = Object.fromEntries(Object.keys(found).map((key) => [key, wanted[key]]));
    return jsonDifferences(found, known, field);
  });
  const differences = [...jsonDifferences(spec, judged.spec), ...changed];
  const sentences = differences.map((difference) => formatDifference(comparison, difference));
  if (!followsLatest(service)) return sentences;
  const name = `Knative Service ${formatObjectName(service.metadata)}`;
  return [
    ...sentences,
    `${name} would have a template without a revision name, and send traffic to the latest revision, which Knative would make anew and nobody judged; leave traffic out of the chart and its values, also out of those of the present release`,
  ];
}

function followsLatest({ spec: { traffic = [] } }: KnativeService): boolean {
  return traffic.some(({ latestRevision, percent = 0 }) => latestRevision === true && percent > 0);
}

function formatDifference({ service, judged }: TemplateComparison, { path, found, wanted }: JsonDifference): string {
  const name = `Knative Service ${formatObjectName(service.metadata)}`;
  const difference = `${path || 'spec'} is ${shown(found)} instead of ${shown(wanted)}`;
  return `the template of ${name} would differ from revision ${judged.metadata.name}, which was judged: ${difference}`;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
