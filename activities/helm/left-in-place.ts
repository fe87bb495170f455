import { formatObjectName } from '../../core/experiment.ts';
import type { ObjectName } from '../../core/experiment.ts';
import type { RenderedService } from '../../spec/rendered-chart.ts';
import type { JudgedRevision } from '../../workflows/contract.ts';
import { templateOf } from '../knative/objects.ts';
import type { KnativeService } from '../knative/objects.ts';

export interface UpgradeInPlace {
  /** The target as the cluster has it. */
  readonly live: KnativeService;
  /** The target in the release's manifest now, and in the one that the upgrade makes. */
  readonly before: RenderedService;
  readonly after: RenderedService;
}

/**
 * Everything that the upgrade would not put right, each as a sentence: helm changes a custom resource by the difference of
 * the release's manifests before and after it (a JSON merge patch; helm.sh/helm/v3 `pkg/kube/client.go`), so what is
 * equal in both stays as somebody else has made it meanwhile. Without traffic in the chart it would get all of it.
 */
export function compareLeftInPlace(
  { live, before, after }: UpgradeInPlace,
  target: ObjectName,
  judged: JudgedRevision,
): readonly string[] {
  const template = templateOf(live);
  return (['revision', 'image'] as const).flatMap((field) => {
    const stays = before[field] === after[field] && template[field] !== judged[field];
    if (!stays) return [];
    const found = template[field] ?? 'without a name';
    const problem = `the template of Knative Service ${formatObjectName(target)} has ${field} ${found}, but ${judged[field]} was judged`;
    return [
      `${problem}; helm would leave that as it is, since its release was not changed with it: put the template back first`,
    ];
  });
}
