import { noticeSeverities } from '../../core/experiment/notice.ts';
import { readField } from '../../core/text/json.ts';
import { cutText } from '../../core/text/limits.ts';
import type { SlackChannel } from '../../formats/notices/receivers.ts';
import { sourceTitle } from './channel.ts';
import type { Delivery, Place, Sending } from './channel.ts';
import { failed, post } from './post.ts';
import type { Posted } from './post.ts';

export interface SlackPlace extends Pick<Place, 'signal' | 'show'> {
  /** Slack's API. */
  readonly slackUrl: string;
}

/**
 * Delivers a notice to Slack: the first message of an experiment shows how it is now, and is edited in place; each further notice is a
 * reply to it. The edit comes first: it may be done again, a reply may not.
 */
export async function sendToSlack(place: SlackPlace, channel: SlackChannel, delivery: Delivery): Promise<Sending> {
  const { thread } = delivery;
  if (thread === undefined) return begin(place, channel, delivery);
  const [id = '', ts = ''] = thread.split('/');
  const edited = await call(place, channel, 'chat.update', { channel: id, ts, ...fullMessage(delivery) });
  if (edited.kind === 'failed') return edited;
  // Somebody has deleted it, or it may not be edited any more: the experiment gets another first message.
  if (edited.kind === 'refused' && isGone(edited)) return begin(place, channel, delivery);
  if (edited.kind === 'refused') return edited;
  const reply = await call(place, channel, 'chat.postMessage', {
    channel: id,
    thread_ts: ts,
    ...shortMessage(delivery),
  });
  return reply.kind === 'answered' ? { kind: 'delivered', thread } : reply;
}

async function begin(place: SlackPlace, channel: SlackChannel, delivery: Delivery): Promise<Sending> {
  const answer = await call(place, channel, 'chat.postMessage', { channel: channel.channel, ...fullMessage(delivery) });
  if (answer.kind !== 'answered') return answer;
  // A message is edited by the id of its channel, which the answer has; people write the name.
  const [id, ts] = [readField(answer.json, 'channel'), readField(answer.json, 'ts')];
  return typeof id === 'string' && typeof ts === 'string'
    ? { kind: 'delivered', thread: `${id}/${ts}` }
    : { kind: 'delivered' };
}

interface SlackRefusal {
  readonly kind: 'refused';
  readonly why: string;
  readonly error?: string;
}

async function call(
  { slackUrl, signal, show }: SlackPlace,
  { token }: SlackChannel,
  method: 'chat.postMessage' | 'chat.update',
  body: object,
): Promise<Exclude<Posted, { kind: 'refused' }> | SlackRefusal> {
  const answer = await post({
    what: 'Slack',
    url: `${slackUrl.replace(/\/$/, '')}/${method}`,
    headers: { authorization: `Bearer ${token.trim()}` },
    body,
    // The address is the platform's, not the namespace's.
    allowedHosts: ['*'],
    signal,
    show,
  });
  if (answer.kind !== 'answered' || readField(answer.json, 'ok') === true) return answer;
  // Slack answers 200 for mistakes too, and names them in the body.
  const error = readField(answer.json, 'error');
  if (typeof error !== 'string') return { kind: 'refused', why: show(`Slack answered ${answer.text}`) };
  const why = show(`Slack refused ${method}: ${error}`);
  return passing.has(error) ? failed(why) : { kind: 'refused', why, error };
}

/** Errors of Slack that pass by themselves. */
const passing: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);

/** Errors of an edit after which the message is left as it is. */
const gone: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
]);

function isGone({ error }: SlackRefusal): boolean {
  return error !== undefined && gone.has(error);
}

const icons = { info: ':large_blue_circle:', warning: ':warning:', error: ':red_circle:' } as const;

/** The whole state, for the first message. */
function fullMessage(delivery: Delivery): object {
  const { notice, links } = delivery;
  const buttons = links.map(({ title, url }, index) => {
    return { type: 'button', text: plain(title), url, action_id: `link-${index}` };
  });
  const blocks = [
    ...headBlocks(delivery),
    ...(notice.facts.length === 0 ? [] : [{ type: 'section', fields: notice.facts.slice(0, 10).map(factField) }]),
    ...(notice.next === undefined ? [] : [{ type: 'context', elements: [nextElement(notice.next)] }]),
    ...(buttons.length === 0 ? [] : [{ type: 'actions', elements: buttons }]),
  ];
  return { text: fallback(delivery), blocks, ...metadata(delivery) };
}

/** What is new, for a reply. */
function shortMessage(delivery: Delivery): object {
  return { text: fallback(delivery), blocks: headBlocks(delivery), ...metadata(delivery) };
}

function headBlocks(delivery: Delivery): readonly object[] {
  const { notice } = delivery;
  const icon = icons[noticeSeverities[notice.event]];
  const title = cutText(`${icon} ${sourceTitle(delivery)}`, 150);
  const why = notice.why === '' ? [] : [{ type: 'section', text: plain(cutText(notice.why, 3_000)) }];
  return [{ type: 'header', text: plain(title) }, { type: 'section', text: plain(notice.what) }, ...why];
}

function factField({ name, value }: Delivery['notice']['facts'][number]): object {
  return plain(cutText(`${name}\n${value}`, 2_000));
}

function nextElement({ what, atMs }: NonNullable<Delivery['notice']['next']>): object {
  if (atMs === undefined) return plain(`next: ${what}`);
  const at = new Date(atMs).toISOString();
  // Shown in the time zone of whoever reads it.
  return {
    type: 'mrkdwn',
    text: `next: ${escape(what)}, <!date^${Math.floor(atMs / 1000)}^{date_short_pretty} {time}|${at}>`,
  };
}

/** By what a receiver of Slack's events can tell that it has had a message already. */
function metadata({ key, notice }: Delivery): object {
  return { metadata: { event_type: 'serin_notice', event_payload: { key, event: notice.event } } };
}

/** Text in which nothing is a command of Slack, such as a mention of everybody. */
function plain(text: string): { readonly type: 'plain_text'; readonly text: string; readonly emoji: boolean } {
  return { type: 'plain_text', text, emoji: true };
}

/** For notifications of the desktop, where Slack's syntax counts. */
function fallback(delivery: Delivery): string {
  return escape(`${sourceTitle(delivery)}: ${delivery.notice.what}`);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
