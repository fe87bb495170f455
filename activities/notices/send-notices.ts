import type { DeliveryAttempt, ReceiverProgress } from '../../core/planner/outbox.ts';
import { noticeKey } from '../../core/experiment/notice.ts';
import { redactValues } from '../../core/tasks/redact.ts';
import { defined } from '../../core/text/defined.ts';
import { isJsonObject } from '../../core/text/json.ts';
import { receiversKey, receiversSecret } from '../../contract/notices.ts';
import type { SendNoticesInput } from '../../contract/notices.ts';
import { readReceivers, secretsOf, wants } from '../../formats/notices/receivers.ts';
import type { Receiver } from '../../formats/notices/receivers.ts';
import { progressBefore, withHeartbeats } from '../heartbeat.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { readSecretData } from '../knative/secret-data.ts';
import type { Delivery, Link, Sending } from './channel.ts';
import { sendByMail } from './email.ts';
import { sendToSlack } from './slack.ts';
import { sendToTeams } from './teams.ts';
import { sendToWebhook } from './webhook.ts';

export interface NoticeDependencies {
  readonly cluster: Pick<ActivityCluster, 'readSecret'>;
  readonly allowedHosts: readonly string[];
  readonly slackUrl: string;
  /** Where people reach `serin server`. */
  readonly serverUrl: string | undefined;
  readonly clusterName: string | undefined;
  readonly signal: AbortSignal;
}

/** Delivers the notices, to all receivers at a time and to each in their order; what a receiver does not take now stays behind. */
export async function sendNotices(dependencies: NoticeDependencies, input: SendNoticesInput): Promise<DeliveryAttempt> {
  const { namespace } = input;
  const data = await readSecretData(dependencies.cluster, { namespace, name: receiversSecret });
  const text = data?.[receiversKey];
  if (text === undefined) return { receivers: {}, lost: [], behind: {} };
  const reading = readReceivers(text);
  if (reading.kind === 'invalid') {
    const where = `Secret ${namespace}/${receiversSecret}, key ${receiversKey}`;
    return { receivers: {}, lost: [`no notices were sent: ${where}: ${reading.problems.join('; ')}`], behind: {} };
  }
  // What a worker that was lost has delivered need not be delivered again.
  const reached = new Map(Object.entries({ ...input.receivers, ...asProgress(progressBefore()) }));
  const outcomes = await withHeartbeats(
    () => Promise.all(reading.receivers.map((receiver) => deliverAll(receiver, dependencies, { ...input, reached }))),
    () => Object.fromEntries(reached),
  );
  const waits = outcomes.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    receivers: Object.fromEntries(outcomes.map(({ name, progress }) => [name, progress])),
    lost: outcomes.flatMap(({ lost }) => lost),
    behind: Object.fromEntries(outcomes.flatMap(({ name, behind }) => (behind === undefined ? [] : [[name, behind]]))),
    ...(waits.length === 0 ? {} : { retryAfterMs: Math.min(...waits) }),
  };
}

/** An attempt of this activity has left it. */
function asProgress(details: unknown): Readonly<Record<string, ReceiverProgress>> {
  return isJsonObject(details) ? (details as unknown as Readonly<Record<string, ReceiverProgress>>) : {};
}

interface Outcome {
  readonly name: string;
  readonly progress: ReceiverProgress;
  readonly lost: readonly string[];
  /** Why the receiver is behind. */
  readonly behind?: string;
  readonly retryAfterMs?: number;
}

async function deliverAll(
  receiver: Receiver,
  dependencies: NoticeDependencies,
  { notices, receivers: _, reached, ...source }: SendNoticesInput & { readonly reached: Map<string, ReceiverProgress> },
): Promise<Outcome> {
  const { name } = receiver;
  let progress = reached.get(name) ?? { delivered: 0 };
  const lost: string[] = [];
  const { serverUrl, clusterName } = dependencies;
  for (const notice of notices.filter(({ number }) => number > progress.delivered)) {
    if (wants(receiver, notice.event)) {
      const { thread } = progress;
      const key = noticeKey(source.firstRunId, notice);
      const delivery = {
        notice,
        key,
        source,
        links: findLinks(source.workflowId, serverUrl),
        ...defined({ clusterName, thread }),
      };
      const sending = await deliver(receiver, dependencies, delivery);
      if (sending.kind === 'failed') {
        const behind = redactValues(sending.why, secretsOf(receiver));
        return { name, progress, lost, behind, ...defined({ retryAfterMs: sending.retryAfterMs }) };
      }
      if (sending.kind === 'refused') {
        const why = redactValues(sending.why, secretsOf(receiver));
        lost.push(`the notice ${notice.event} was not delivered to ${name}: ${why}`);
      } else if (sending.thread !== undefined) progress = { ...progress, thread: sending.thread };
    }
    progress = { ...progress, delivered: notice.number };
    reached.set(name, progress);
  }
  return { name, progress, lost };
}

function deliver({ channel }: Receiver, dependencies: NoticeDependencies, delivery: Delivery): Promise<Sending> {
  const { allowedHosts, slackUrl, signal } = dependencies;
  const place = { allowedHosts, namespace: delivery.source.namespace, signal };
  switch (channel.kind) {
    case 'slack':
      return sendToSlack({ slackUrl, signal }, channel, delivery);
    case 'teams':
      return sendToTeams(place, channel, delivery);
    case 'webhook':
      return sendToWebhook(place, channel, delivery);
    case 'email':
      return sendByMail(place, channel, delivery);
  }
}

function findLinks(workflowId: string, serverUrl: string | undefined): readonly Link[] {
  if (serverUrl === undefined) return [];
  const url = new URL('experiment', serverUrl.endsWith('/') ? serverUrl : `${serverUrl}/`);
  url.searchParams.set('id', workflowId);
  return [{ title: 'Open in serin', url: url.href }];
}
