import { z } from 'zod';
import { noticeEvents, noticeSeverities, severities } from '../../core/experiment/notice.ts';
import type { NoticeEvent, Severity } from '../../core/experiment/notice.ts';
import { choiceField, mappingField, parsed, refuse, textField } from '../document/fields.ts';
import { limits } from '../../core/text/limits.ts';
import { readSingleDocument } from '../document/single-document.ts';

/** Where the notices of a namespace go. Everything in it is secret but the name. */
export interface Receiver {
  readonly name: string;
  /** The least severity that it wants. */
  readonly severity: Severity;
  /** The events that it wants; undefined: all. */
  readonly events?: readonly NoticeEvent[];
  readonly channel: Channel;
}

export type Channel = SlackChannel | TeamsChannel | WebhookChannel | EmailChannel;

export interface SlackChannel {
  readonly kind: 'slack';
  readonly channel: string;
  readonly token: string;
}

export interface TeamsChannel {
  readonly kind: 'teams';
  readonly url: string;
}

/** Takes CloudEvents. */
export interface WebhookChannel {
  readonly kind: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface EmailChannel {
  readonly kind: 'email';
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly server: string;
  readonly from: string;
  readonly to: readonly string[];
}

export type ReceiversReading =
  | { readonly kind: 'read'; readonly receivers: readonly Receiver[] }
  /** Without any value: they are secret. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

const most = 20;

const httpUrl = parsed('an https or http URL', (value) => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url.href : undefined;
});

/** Whether each `%` begins an escape. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const smtpUrl = parsed(
  'a URL such as smtps://user:password@mail.example.com:465, a % in it written as %25',
  (value) => {
    const url = typeof value === 'string' ? URL.parse(value) : null;
    const isServer = url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== '';
    return isServer && isDecodable(url.username + url.password) ? url.href : undefined;
  },
);

const mailAddress = parsed('a mail address', (value) =>
  typeof value === 'string' && /^[^\s<>@,;]+@[^\s<>@,;]+$/.test(value) ? value : undefined,
);

const name = parsed('a name of letters, digits and dashes', (value) =>
  typeof value === 'string' && /^[\w-]{1,63}$/.test(value) ? value : undefined,
);

/** The kinds of receivers, of which each has one. */
const blocks = {
  slack: mappingField({ channel: textField, token: textField }).optional(),
  teams: mappingField({ url: httpUrl }).optional(),
  webhook: mappingField({ url: httpUrl, headers: z.record(z.string(), textField).optional() }).optional(),
  email: mappingField({ server: smtpUrl, from: mailAddress, to: z.array(mailAddress).min(1).max(most) }).optional(),
};

const kinds = ['slack', 'teams', 'webhook', 'email'] as const;

const receiverField = mappingField({
  name,
  severity: choiceField(severities).optional(),
  events: z.array(choiceField(noticeEvents)).optional(),
  ...blocks,
}).transform((given, context): Receiver => {
  const { slack, teams, webhook, email, events, severity = 'info' } = given;
  const channels: readonly Channel[] = [
    ...(slack ? [{ kind: 'slack', ...slack } as const] : []),
    ...(teams ? [{ kind: 'teams', ...teams } as const] : []),
    ...(webhook ? [{ kind: 'webhook', url: webhook.url, headers: webhook.headers ?? {} } as const] : []),
    ...(email ? [{ kind: 'email', ...email } as const] : []),
  ];
  const [channel] = channels;
  if (channel === undefined || channels.length > 1) {
    refuse(context, [], { expected: `one of ${kinds.join(', ')}`, got: String(channels.length) });
    return z.NEVER;
  }
  return { name: given.name, severity, channel, ...(events === undefined ? {} : { events }) };
});

const receiversField = mappingField({
  receivers: z
    .array(receiverField)
    .max(most)
    .superRefine((receivers, context) => {
      for (const [index, receiver] of receivers.entries()) {
        const first = receivers.findIndex((other) => other.name === receiver.name);
        if (first < index) refuse(context, [index, 'name'], { expected: 'a name that no other receiver has', got: '' });
      }
    }),
});

/** Reads the receivers of a namespace. */
export function readReceivers(text: string): ReceiversReading {
  const options = { characters: limits.receiversCharacters, showsValues: false };
  const reading = readSingleDocument(text, receiversField, options);
  return reading.kind === 'read' ? { kind: 'read', receivers: reading.value.receivers } : reading;
}

/** Whether the receiver wants to be told of the event. */
export function wants({ severity, events }: Receiver, event: NoticeEvent): boolean {
  const isSevere = severities.indexOf(noticeSeverities[event]) >= severities.indexOf(severity);
  return isSevere && (events === undefined || events.includes(event));
}

/** A URL, and what of it may be secret by itself: everything after the host. */
function urlSecrets(text: string): readonly string[] {
  const { pathname, search, searchParams, password } = new URL(text);
  const rest = pathname === '/' ? [] : [`${pathname}${search}`, pathname];
  return [text, ...[...rest, search, ...searchParams.values(), ...passwords(password)].filter((part) => part !== '')];
}

/** As it is written in a URL, and as it is. */
function passwords(written: string): readonly string[] {
  return [written, isDecodable(written) ? decodeURIComponent(written) : written];
}

/** A header, and its words: a server may answer with the token alone. */
function headerSecrets(value: string): readonly string[] {
  return [value, ...value.split(/\s+/).filter((word) => word.length >= shortestToken)];
}

/** Words such as `Bearer` are none. */
const shortestToken = 8;

/** What must never be shown of a receiver, in messages that its server may have written. */
export function secretsOf({ channel }: Receiver): readonly string[] {
  switch (channel.kind) {
    case 'slack':
      return [channel.token];
    case 'teams':
      return urlSecrets(channel.url);
    case 'webhook':
      return [...urlSecrets(channel.url), ...Object.values(channel.headers).flatMap(headerSecrets)];
    case 'email':
      return [channel.server, ...passwords(new URL(channel.server).password), ...channel.to, channel.from];
  }
}
