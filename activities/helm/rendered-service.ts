import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { defined } from '../../core/text/defined.ts';
import { formatPercents, percentsByRevision, servesShares } from '../../core/traffic/spec-traffic.ts';
import type { RenderedService } from '../../formats/rendered-chart.ts';
import type { JudgedRevision } from '../../contract/traffic.ts';
import { readWithinLimits } from '../read-within-limits.ts';

/** A rendered manifest, and the target to find in it. */
export interface RenderedTarget {
  readonly target: ObjectName;
  /** The release's namespace, for objects that name none. */
  readonly namespace: string;
  readonly manifest: string;
}

/** The target's Knative Service in what a chart renders; undefined when the chart has none. */
export async function findTarget({
  target,
  namespace,
  manifest,
}: RenderedTarget): Promise<RenderedService | undefined> {
  const services = await readWithinLimits('the rendered chart', 'readRenderedServices', manifest);
  return services.find((service) => {
    return service.name === target.name && (service.namespace ?? namespace) === target.namespace;
  });
}

/** What a rendered service must be. */
export interface Expected {
  readonly target: ObjectName;
  readonly judged: JudgedRevision;
  /** Whether a template without a name may make the judged revision anew, without traffic. */
  readonly mayRepeat: boolean;
}

/**
 * Everything in which a rendered service differs from the revision that was judged, each as a sentence. Whether a template without
 * a name is the judged one, only the API server can say.
 */
export function compareWithJudged(
  service: Omit<RenderedService, 'document'>,
  { target, judged, mayRepeat }: Expected,
): readonly string[] {
  const name = `Knative Service ${formatObjectName(target)}`;
  // The revision that Knative makes anew is the latest, and not the judged one.
  const revision = service.revision ?? (mayRepeat ? undefined : judged.revision);
  return [
    ...(service.revision === undefined || service.revision === judged.revision
      ? []
      : [`${name} is rendered with revision ${service.revision}, but ${judged.revision} was judged`]),
    ...(service.image === judged.image
      ? []
      : [`${name} is rendered with image ${service.image || '(none)'}, but ${judged.image} was judged`]),
    ...compareTraffic({ ...defined({ traffic: service.traffic, revision }) }, name, judged.revision),
  ];
}

/** The rendered traffic, as a sentence where it is not 100 % on the judged revision; a manifest without any leaves it to serin. */
export function compareTraffic(
  { traffic, revision }: Pick<RenderedService, 'traffic' | 'revision'>,
  name: string,
  judged: string,
): readonly string[] {
  if (traffic === undefined || traffic.length === 0) return [];
  const resolved = traffic.map((entry) => {
    const latest = entry.latestRevision === true && revision !== undefined ? { revisionName: revision } : {};
    return { ...entry, ...latest };
  });
  if (servesShares(resolved, [{ revision: judged, percent: 100 }])) return [];
  const found = formatPercents(percentsByRevision(resolved));
  return [`${name} is rendered with traffic ${found}, not 100 % ${judged}; leave traffic out of it`];
}
