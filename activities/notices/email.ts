import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { noticeSeverities } from '../../core/experiment/notice.ts';
import type { EmailChannel } from '../../formats/notices/receivers.ts';
import { hasType, innermostMessage } from '../failures.ts';
import { requireAllowedTarget } from '../http/allowed-hosts.ts';
import type { AllowedHosts } from '../http/allowed-hosts.ts';
import { withTimeLimit } from '../../metrics/time-limit.ts';
import { deliveryLimitMs, sourceTitle } from './channel.ts';
import type { Delivery, Place, Sending } from './channel.ts';

/** Delivers a notice by SMTP; the mails of an experiment are one conversation, and one that comes twice has the same id. */
export async function sendByMail(place: Place, channel: EmailChannel, delivery: Delivery): Promise<Sending> {
  const id = messageId(delivery.key);
  const { thread } = delivery;
  try {
    const transport = createTransport(await transportOptions(place, new URL(channel.server)));
    const follows = thread === undefined ? {} : { inReplyTo: thread, references: thread };
    try {
      const sent = transport.sendMail({ ...buildMail(channel, delivery), messageId: id, ...follows });
      const { rejected } = await withinLimit(sent, place.signal);
      // Those who have it would get it again.
      const lack = rejected.length === 0 ? {} : { lack: `SMTP: ${rejected.length} of its addresses were refused` };
      return { kind: 'delivered', thread: thread ?? id, ...lack };
    } finally {
      transport.close();
    }
  } catch (error) {
    place.signal.throwIfAborted();
    const why = place.show(`SMTP: ${innermostMessage(error)}`);
    return isRefusal(error) ? { kind: 'refused', why } : { kind: 'failed', why };
  }
}

/** The time-outs of a connection are those of its silence: a server that says a little again and again has no end. */
async function withinLimit<T>(sent: Promise<T>, signal: AbortSignal): Promise<T> {
  const limited = withTimeLimit(signal, 2 * deliveryLimitMs);
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = (): void => reject(new Error(`no answer within ${(2 * deliveryLimitMs) / 1000} s`));
  limited.addEventListener('abort', end, { once: true });
  if (limited.aborted) end();
  // Once it is given up nobody waits for it.
  sent.catch(() => undefined);
  return Promise.race([sent, over]);
}

/** Connects to the address that was checked; the certificate must be the host's. Who logs in does so by TLS alone. */
async function transportOptions(allowed: AllowedHosts, url: URL) {
  const secure = url.protocol === 'smtps:';
  const port = Number(url.port) || (secure ? 465 : 587);
  const { hostname, username, password } = url;
  const host = await requireAllowedTarget(`https://${hostname}:${port}`, allowed);
  const auth = username === '' ? undefined : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  return {
    host,
    port,
    secure,
    requireTLS: !secure && auth !== undefined,
    ...(auth === undefined ? {} : { auth }),
    ...(isIP(hostname.replace(/^\[(.*)\]$/, '$1')) === 0 ? { tls: { servername: hostname } } : {}),
    connectionTimeout: deliveryLimitMs,
    greetingTimeout: deliveryLimitMs,
    socketTimeout: deliveryLimitMs,
    maxResponseSize: 16_384,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function buildMail({ from, to }: EmailChannel, delivery: Delivery) {
  const { notice, links } = delivery;
  const { next } = notice;
  const at = next?.atMs === undefined ? '' : ` at ${new Date(next.atMs).toISOString()}`;
  const lines = [
    notice.what,
    ...(notice.why === '' ? [] : ['', notice.why]),
    ...(notice.facts.length === 0 ? [] : ['', ...notice.facts.map(({ name, value }) => `${name}: ${value}`)]),
    ...(next === undefined ? [] : ['', `next: ${next.what}${at}`]),
    ...(links.length === 0 ? [] : ['', ...links.map(({ title, url }) => `${title}: ${url}`)]),
  ];
  return {
    from,
    to: [...to],
    subject: `[${noticeSeverities[notice.event]}] ${sourceTitle(delivery)}: ${notice.what}`.replace(/\s+/g, ' '),
    text: `${lines.join('\n')}\n`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Serin-Key': delivery.key },
  };
}

function messageId(key: string): string {
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@serin>`;
}

/** Whether another attempt would be refused too: an address, a login, or an answer 5xx. */
function isRefusal(error: unknown): boolean {
  if (hasType(error, 'AddressNotAllowed')) return true;
  if (typeof error !== 'object' || error === null) return false;
  const { responseCode, code }: { responseCode?: unknown; code?: unknown } = error;
  return typeof responseCode === 'number' ? responseCode >= 500 : code === 'EAUTH';
}
