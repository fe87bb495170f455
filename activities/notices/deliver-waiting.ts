import { noticeKey } from '../../core/experiment/notice.ts';
import type { Notice } from '../../core/experiment/notice.ts';
import type { ReceiverAttempt, ReceiverProgress } from '../../core/planner/outbox.ts';
import { redactValues } from '../../core/tasks/redact.ts';
import { defined } from '../../core/text/defined.ts';
import { cutText, limits } from '../../core/text/limits.ts';
import { redactText } from '../../core/text/redact-text.ts';
import type { NoticeSource } from '../../contract/notices.ts';
import { secretsOf, wants } from '../../formats/notices/receivers.ts';
import type { Receiver } from '../../formats/notices/receivers.ts';
import { withTimeLimit } from '../../metrics/time-limit.ts';
import { innermostMessage } from '../failures.ts';
import type { Delivery, Link, Sending } from './channel.ts';
import { sendByMail } from './email.ts';
import { sendToSlack } from './slack.ts';
import { sendToTeams } from './teams.ts';
import { sendToWebhook } from './webhook.ts';

export interface DeliveryDependencies {
  readonly allowedHosts: readonly string[];
  readonly slackUrl: string;
  /** Where people reach `serin server`. */
  readonly serverUrl: string | undefined;
  readonly clusterName: string | undefined;
  /** Cuts an attempt short. */
  readonly signal: AbortSignal;
}

/** A receiver, and how far it is. */
export interface Recipient {
  readonly receiver: Receiver;
  readonly dependencies: DeliveryDependencies;
  readonly source: NoticeSource;
  readonly progress: ReceiverProgress;
  readonly onProgress: (progress: ReceiverProgress) => void;
  /** How long it may take, ms: the others wait for its end. */
  readonly budgetMs: number;
}

export interface Outcome {
  readonly attempt: ReceiverAttempt;
  /** What will never be delivered, and why. */
  readonly lost: readonly string[];
}

/** Delivers to one receiver what it does not have, in its order, until it takes something not. */
export async function deliverWaiting(to: Recipient, notices: readonly Notice[]): Promise<Outcome> {
  const { name } = to.receiver;
  const lost: string[] = [];
  let { progress } = to;
  const endMs = performance.now() + to.budgetMs;
  const limited = withTimeLimit(to.dependencies.signal, to.budgetMs);
  for (const notice of notices.filter(({ number }) => number > to.progress.delivered)) {
    const sending =
      performance.now() > endMs ? 'cutShort' : await tell(to, { notice, thread: progress.thread, limited });
    if (sending === 'cutShort') break;
    if (sending.kind === 'failed') {
      const { why, retryAfterMs } = sending;
      return { attempt: { ...progress, failed: { why, ...defined({ retryAfterMs }) } }, lost };
    }
    const { lack, thread } = sending.kind === 'refused' ? { lack: sending.why } : sending;
    if (lack !== undefined) lost.push(`the notice ${notice.event} was not delivered to ${name}: ${lack}`);
    progress = { ...progress, ...defined({ thread }), delivered: notice.number };
    to.onProgress(progress);
  }
  return { attempt: progress, lost };
}

interface Telling {
  readonly notice: Notice;
  readonly thread: string | undefined;
  /** Ends what is being sent at the end of its time. */
  readonly limited: AbortSignal;
}

/** Tells one notice, if the receiver wants it. Whatever goes wrong is its own trouble, and keeps nobody else from being told. */
async function tell(
  { receiver, dependencies, source }: Recipient,
  { notice, thread, limited }: Telling,
): Promise<Sending | 'cutShort'> {
  if (!wants(receiver, notice.event)) return { kind: 'delivered' };
  const { signal, serverUrl, clusterName } = dependencies;
  if (signal.aborted) return 'cutShort';
  const links = findLinks(source.workflowId, serverUrl);
  const key = noticeKey(source.firstRunId, notice);
  try {
    return await send(
      receiver,
      { ...dependencies, signal: limited },
      { notice, key, source, links, ...defined({ clusterName, thread }) },
    );
  } catch (error) {
    return signal.aborted ? 'cutShort' : { kind: 'failed', why: showTo(receiver)(innermostMessage(error)) };
  }
}

/** Secrets first: a part of one would not be known. */
function showTo(receiver: Receiver): (said: string) => string {
  return (said) => cutText(redactText(redactValues(said, secretsOf(receiver))), limits.receiverAnswer);
}

function send(receiver: Receiver, dependencies: DeliveryDependencies, delivery: Delivery): Promise<Sending> {
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
