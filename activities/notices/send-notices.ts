import type { AttemptResult, ReceiverProgress } from '../../core/planner/outbox.ts';
import { defined } from '../../core/text/defined.ts';
import { isJsonObject } from '../../core/text/json.ts';
import { receiversKey, receiversSecret } from '../../contract/notices.ts';
import type { SendNoticesInput } from '../../contract/notices.ts';
import type { Receiver } from '../../formats/notices/receivers.ts';
import { progressBefore, withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { readSecretData } from '../knative/secret-data.ts';
import { readWithinLimits } from '../read-within-limits.ts';
import { deliverWaiting } from './deliver-waiting.ts';
import type { DeliveryDependencies, Outcome } from './deliver-waiting.ts';

export interface NoticeDependencies extends DeliveryDependencies {
  readonly cluster: Pick<ActivityCluster, 'readSecret'>;
}

/** Delivers the notices, to all receivers at a time and to each in their order; what a receiver does not take now stays behind. */
export async function sendNotices(dependencies: NoticeDependencies, input: SendNoticesInput): Promise<AttemptResult> {
  const { namespace, budgetMs } = input;
  const data = await readSecretData(dependencies.cluster, { namespace, name: receiversSecret });
  if (data === undefined) return { receivers: {}, lost: [] };
  const where = `Secret ${namespace}/${receiversSecret}, key ${receiversKey}`;
  const reading = await readWithinLimits(where, 'readReceivers', data[receiversKey] ?? '');
  if (reading.kind === 'invalid') return { failure: `${where}: ${reading.problems.join('; ')}` };
  // What a worker that was lost has delivered need not be delivered again.
  const reached = new Map(Object.entries({ ...input.receivers, ...asProgress(progressBefore()) }));
  const serve = async (receiver: Receiver): Promise<Served> => {
    const { name } = receiver;
    const { delivered = 0, thread } = reached.get(name) ?? {};
    const progress = { delivered, ...defined({ thread }) };
    if (input.resting.includes(name)) return { name, attempt: { ...progress, isSkipped: true }, lost: [] };
    const onProgress = (now: ReceiverProgress): void => void reached.set(name, now);
    return {
      name,
      ...(await deliverWaiting(
        { receiver, dependencies, source: input, progress, onProgress, budgetMs },
        input.notices,
      )),
    };
  };
  const served = await withHeartbeats(
    () => Promise.all(reading.receivers.map(serve)),
    () => Object.fromEntries(reached),
  );
  return {
    receivers: Object.fromEntries(served.map(({ name, attempt }) => [name, attempt])),
    lost: served.flatMap(({ lost }) => lost),
  };
}

interface Served extends Outcome {
  readonly name: string;
}

/** An attempt of this activity has left it. */
function asProgress(details: unknown): Readonly<Record<string, ReceiverProgress>> {
  return isJsonObject(details) ? (details as unknown as Readonly<Record<string, ReceiverProgress>>) : {};
}
