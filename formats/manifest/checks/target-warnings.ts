import { formatObjectName } from '../../../core/experiment/experiment.ts';
import type { Experiment } from '../../../core/experiment/experiment.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';

/** The namespaces of the metrics that iter8's samples for other platforms than Knative have. */
const otherPlatform = /^iter8-(istio|kfserving|linkerd|seldon)\//;

/**
 * Warns of a target that is hardly a Knative Service, since the metrics are those of another platform: such a file may name no
 * object with weights, which would give it away.
 */
export function warnOfTarget(
  metrics: readonly string[],
  { target }: Pick<Experiment, 'target'>,
): readonly ValueIssue[] {
  const foreign = metrics.find((metric) => otherPlatform.test(metric));
  if (foreign === undefined) return [];
  const taken = `is taken for the Knative Service ${formatObjectName(target)}, although ${foreign} is a metric of another platform`;
  return [{ path: ['spec', 'target'], atKey: false, expected: 'a Knative Service', got: `one that ${taken}` }];
}
