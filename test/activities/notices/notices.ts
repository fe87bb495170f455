import { asActivity } from '../../support/activity.ts';
import { sendNotices } from '../../../activities/notices/send-notices.ts';
import type { NoticeDependencies } from '../../../activities/notices/send-notices.ts';
import type { SendNoticesInput } from '../../../contract/notices.ts';
import type { Notice, NoticeEvent } from '../../../core/experiment/notice.ts';
import type { AttemptResult, DeliveryAttempt, Outbox } from '../../../core/planner/outbox.ts';

const atMs = Date.parse('2026-11-30T10:00:00Z');

export function aNotice(number: number, event: NoticeEvent, changes: Partial<Notice> = {}): Notice {
  return {
    number,
    event,
    atMs: atMs + number * 60_000,
    what: `${event} happened`,
    why: `because of <!channel> & *${number}*`,
    next: { what: 'observes again', atMs },
    facts: [{ name: 'target', value: 'shop/checkout' }],
    ...changes,
  };
}

/** One attempt to deliver to the receivers of a Secret with this text. */
export function attempt(
  text: string | undefined,
  notices: readonly Notice[],
  options: Partial<NoticeDependencies> &
    Partial<Pick<SendNoticesInput, 'receivers' | 'resting'>> & { before?: unknown } = {},
): Promise<AttemptResult> {
  const { receivers = {}, resting = [], before, ...dependencies } = options;
  const data = text === undefined ? undefined : { 'receivers.yaml': Buffer.from(text).toString('base64') };
  const cluster = { readSecret: async () => (data === undefined ? undefined : { data }) };
  const source = {
    namespace: 'shop',
    name: 'checkout-2',
    target: { namespace: 'shop', name: 'checkout' },
    temporalNamespace: 'default',
    workflowId: 'experiment/shop/checkout-2',
    firstRunId: 'run-1',
  };
  const given: NoticeDependencies = {
    cluster,
    allowedHosts: ['127.0.0.1', 'localhost'],
    slackUrl: 'http://127.0.0.1:9',
    serverUrl: 'https://serin.example.com/base',
    clusterName: 'prod-eu',
    signal: new AbortController().signal,
    ...dependencies,
  };
  return asActivity(() => sendNotices(given, { ...source, notices, receivers, resting, budgetMs: 20_000 }), {
    heartbeatDetails: before,
  });
}

/** An attempt that gets as far as the receivers. */
export async function send(...args: Parameters<typeof attempt>): Promise<DeliveryAttempt> {
  const result = await attempt(...args);
  if ('failure' in result) throw new Error(result.failure);
  return result;
}

/** How far the receivers are after an attempt. */
export function progressOf({ receivers }: DeliveryAttempt): Outbox['receivers'] {
  const all = Object.entries(receivers).map(([name, { delivered, thread }]) => [name, { delivered, thread }]);
  return Object.fromEntries(all);
}
