import type { AttemptResult, ReceiverAttempt, ReceiverProgress } from '../../core/planner/outbox.ts';
import { noticeKey } from '../../core/experiment/notice.ts';
import { redactValues } from '../../core/tasks/redact.ts';
import { cutText, limits } from '../../core/text/limits.ts';
import { redactText } from '../../core/text/redact-text.ts';
import { defined } from '../../core/text/defined.ts';
import { isJsonObject } from '../../core/text/json.ts';
import { receiversKey, receiversSecret } from '../../contract/notices.ts';
import type { SendNoticesInput } from '../../contract/notices.ts';
import { secretsOf, wants } from '../../formats/notices/receivers.ts';
import type { Receiver } from '../../formats/notices/receivers.ts';
import { innermostMessage } from '../failures.ts';
import { progressBefore, withHeartbeats } from '../heartbeat.ts';
import { readWithinLimits } from '../read-within-limits.ts';
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
export async function sendNotices(dependencies: NoticeDependencies, input: SendNoticesInput): Promise<AttemptResult> {
  const { namespace } = input;
  const data = await readSecretData(dependencies.cluster, { namespace, name: receiversSecret });
  if (data === undefined) return { receivers: {}, lost: [] };
  const where = `Secret ${namespace}/${receiversSecret}, key ${receiversKey}`;
  const reading = await readWithinLimits(where, 'readReceivers', data[receiversKey] ?? '');
  if (reading.kind === 'invalid') return { failure: `${where}: ${reading.problems.join('; ')}` };
  // What a worker that was lost has delivered need not be delivered again.
  const reached = new Map(Object.entries({ ...input.receivers, ...asProgress(progressBefore()) }));
  const outcomes = await withHeartbeats(
    () => Promise.all(reading.receivers.map((receiver) => deliverAll(receiver, dependencies, { ...input, reached }))),
    () => Object.fromEntries(reached),
  );
  return {
    receivers: Object.fromEntries(outcomes.map(({ name, attempt }) => [name, attempt])),
    lost: outcomes.flatMap(({ lost }) => lost),
  };
}

interface Outcome {
  readonly name: string;
  readonly attempt: ReceiverAttempt;
  readonly lost: readonly string[];
}

/** An attempt of this activity has left it. */
function asProgress(details: unknown): Readonly<Record<string, ReceiverProgress>> {
  return isJsonObject(details) ? (details as unknown as Readonly<Record<string, ReceiverProgress>>) : {};
}

/** How long one attempt delivers to a receiver, ms: the others wait for its end. */
const attemptMs = 20_000;

interface Delivering extends SendNoticesInput {
  readonly reached: Map<string, ReceiverProgress>;
}

async function deliverAll(
  receiver: Receiver,
  dependencies: NoticeDependencies,
  { notices, receivers: _, resting, reached, ...source }: Delivering,
): Promise<Outcome> {
  const { name } = receiver;
  const { delivered = 0, thread: begun } = reached.get(name) ?? {};
  let progress: Pick<ReceiverProgress, 'delivered' | 'thread'> = { delivered, ...defined({ thread: begun }) };
  if (resting.includes(name)) return { name, attempt: { ...progress, isSkipped: true }, lost: [] };
  const lost: string[] = [];
  const lose = (event: string, why: string): void =>
    void lost.push(`the notice ${event} was not delivered to ${name}: ${why}`);
  const { serverUrl, clusterName, signal } = dependencies;
  const links = findLinks(source.workflowId, serverUrl);
  const endMs = performance.now() + attemptMs;
  for (const notice of notices.filter(({ number }) => number > delivered)) {
    if (wants(receiver, notice.event)) {
      if (performance.now() > endMs || signal.aborted) break;
      const key = noticeKey(source.firstRunId, notice);
      const { thread } = progress;
      const sending = await tryToDeliver(receiver, dependencies, {
        notice,
        key,
        source,
        links,
        ...defined({ clusterName, thread }),
      });
      if (sending === undefined) break;
      if (sending.kind === 'failed') {
        const { why, retryAfterMs } = sending;
        return { name, attempt: { ...progress, failed: { why, ...defined({ retryAfterMs }) } }, lost };
      }
      if (sending.kind === 'refused') lose(notice.event, sending.why);
      else {
        if (sending.lack !== undefined) lose(notice.event, sending.lack);
        progress = { ...progress, ...defined({ thread: sending.thread }) };
      }
    }
    progress = { ...progress, delivered: notice.number };
    reached.set(name, progress);
  }
  return { name, attempt: progress, lost };
}

/** One receiver must not keep the others from saying what they have; undefined where the attempt was cut short. */
async function tryToDeliver(
  receiver: Receiver,
  dependencies: NoticeDependencies,
  delivery: Delivery,
): Promise<Sending | undefined> {
  try {
    return await deliver(receiver, dependencies, delivery);
  } catch (error) {
    if (dependencies.signal.aborted) return undefined;
    return { kind: 'failed', why: showTo(receiver)(innermostMessage(error)) };
  }
}

/** Secrets first: a part of one would not be known. */
function showTo(receiver: Receiver): (said: string) => string {
  return (said) => cutText(redactText(redactValues(said, secretsOf(receiver))), limits.receiverAnswer);
}

function deliver(receiver: Receiver, dependencies: NoticeDependencies, delivery: Delivery): Promise<Sending> {
  const { allowedHosts, slackUrl, signal } = dependencies;
  const { channel } = receiver;
  const show = showTo(receiver);
  const place = { allowedHosts, namespace: delivery.source.namespace, signal, show };
  switch (channel.kind) {
    case 'slack':
      return sendToSlack({ slackUrl, signal, show }, channel, delivery);
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
