import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import { freePort } from '../../../sandbox/processes/ports.ts';
import { startHttpServer } from '../http/http-server.ts';
import type { TestServer } from '../http/http-server.ts';
import { aNotice, attempt, progressOf, send } from './notices.ts';

let server: TestServer;
let answer: { status: number; body?: string; headers?: Record<string, string> };
beforeEach(async () => {
  answer = { status: 202 };
  server = await startHttpServer((_, response) => {
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
});
afterEach(() => server.close());

const teams = (): string => `receivers: [{name: office, teams: {url: "${server.url}/workflows/secret-path"}}]`;
const webhook = (): string =>
  `receivers: [{name: hook, webhook: {url: "${server.url}/hook?key=secret-key", headers: {Authorization: Bearer secret-token}}}]`;

test('a webhook gets a CloudEvent, with a key that is the same in all attempts', async () => {
  answer = { status: 503, headers: { 'retry-after': '7' } };
  const notice = aNotice(3, 'RolledBack');
  const first = await send(webhook(), [notice]);
  expect(first).toMatchObject({ receivers: { hook: { delivered: 0, failed: { retryAfterMs: 7_000 } } } });
  answer = { status: 200 };
  expect(await send(webhook(), [notice], { receivers: progressOf(first) })).toEqual({
    receivers: { hook: { delivered: 3 } },
    lost: [],
  });
  const [one, two] = server.received;
  expect(one?.body).toBe(two?.body);
  expect(two?.headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    authorization: 'Bearer secret-token',
    'idempotency-key': 'run-1/notice/3',
  });
  expect(JSON.parse(two?.body ?? '')).toEqual({
    specversion: '1.0',
    id: 'run-1/notice/3',
    source: '/temporal/default/experiment%2Fshop%2Fcheckout-2',
    type: 'dev.serin.experiment.rolledback',
    subject: 'shop/checkout-2',
    time: '2026-11-30T10:03:00.000Z',
    datacontenttype: 'application/json',
    data: {
      cluster: 'prod-eu',
      namespace: 'shop',
      experiment: 'checkout-2',
      target: 'shop/checkout',
      workflowId: 'experiment/shop/checkout-2',
      firstRunId: 'run-1',
      event: 'RolledBack',
      severity: 'error',
      what: 'RolledBack happened',
      why: 'because of <!channel> & *3*',
      next: { what: 'observes again', time: '2026-11-30T10:00:00.000Z' },
      facts: { target: 'shop/checkout' },
      links: ['https://serin.example.com/base/experiment?id=experiment%2Fshop%2Fcheckout-2'],
    },
  });
});

test('Teams gets an Adaptive Card without Markdown', async () => {
  expect(await send(teams(), [aNotice(1, 'Failed')])).toMatchObject({ receivers: { office: { delivered: 1 } } });
  const message = JSON.parse(server.received[0]?.body ?? '');
  expect(message).toMatchObject({
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard', version: '1.4' } },
    ],
  });
  const { body, actions } = message.attachments[0].content;
  expect(
    body.map((block: { type: string; inlines: { text: string }[] }) => [block.type, block.inlines[0]?.text]),
  ).toEqual([
    ['RichTextBlock', 'prod-eu: shop/checkout-2'],
    ['RichTextBlock', 'Failed happened'],
    ['RichTextBlock', 'because of <!channel> & *1*'],
    ['RichTextBlock', 'target: shop/checkout'],
    ['RichTextBlock', 'next: observes again at 2026-11-30T10:00:00.000Z'],
  ]);
  expect(actions).toEqual([
    {
      type: 'Action.OpenUrl',
      title: 'Open in serin',
      url: 'https://serin.example.com/base/experiment?id=experiment%2Fshop%2Fcheckout-2',
    },
  ]);
});

test('a failure that Teams tells with 200 is one', async () => {
  answer = {
    status: 200,
    body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429',
  };
  expect(await send(teams(), [aNotice(1, 'Failed')])).toMatchObject({
    receivers: { office: { delivered: 0, failed: { why: expect.stringContaining('HTTP error 429') } } },
  });
});

test.each([
  ['bad Bearer secret-token for /hook?key=secret-key', 'bad *** for ***'],
  ['bad secret-token', 'bad ***'],
  ['Cannot POST /hook', 'Cannot POST ***'],
  [`${'x'.repeat(268)} secret-token`, expect.not.stringContaining('secret')],
])('%s, of a server that says more than it should, shows nothing that is secret', async (body, shown) => {
  answer = { status: 401, body };
  const { lost } = await send(webhook(), [aNotice(1, 'Failed')]);
  const before = 'the notice Failed was not delivered to hook: the webhook answered 401: ';
  expect(lost[0]?.slice(0, before.length)).toBe(before);
  expect(lost[0]?.slice(before.length)).toEqual(shown);
});

test('no receiver is at an address that manifests may not reach', async () => {
  const options = { allowedHosts: [] };
  for (const text of [
    teams(),
    `receivers: [{name: mail, email: {server: "smtp://127.0.0.1:25", from: a@b.c, to: [a@b.c]}}]`,
    `receivers: [{name: hook, webhook: {url: "http://169.254.169.254/latest"}}]`,
  ]) {
    const { lost, receivers } = await send(text, [aNotice(1, 'Failed')], options);
    expect(lost).toEqual([expect.stringMatching(/is at .*(which is not public|are never allowed)/)]);
    expect(Object.values(receivers)).toEqual([{ delivered: 1 }]);
  }
  expect(server.received).toEqual([]);
});

test('each receiver has its own pace: one that is down keeps nothing from the others', async () => {
  const down = `http://127.0.0.1:${await freePort()}`;
  const both = `receivers: [{name: down, webhook: {url: "${down}"}}, {name: up, webhook: {url: "${server.url}"}}]`;
  expect(await send(both, [aNotice(1, 'Started'), aNotice(2, 'Promoted')])).toMatchObject({
    receivers: {
      down: { delivered: 0, failed: { why: expect.stringContaining('ECONNREFUSED') } },
      up: { delivered: 2 },
    },
    lost: [],
  });
});

test('what a receiver does not want it is not told, and is not behind with it', async () => {
  const errors = `receivers: [{name: pager, severity: error, webhook: {url: "${server.url}"}}]`;
  expect(await send(errors, [aNotice(1, 'Started'), aNotice(2, 'Failed'), aNotice(3, 'Blind')])).toMatchObject({
    receivers: { pager: { delivered: 3 } },
  });
  expect(server.received.map(({ body }) => JSON.parse(body).data.event)).toEqual(['Failed']);
});

test('a Secret that cannot be read as receivers loses nothing: it may be corrected', async () => {
  const wrong = 'receivers: [{name: a, slack: {channel: c}, tokn: xoxb-secret}]';
  for (const text of [wrong, 'receivers: [', '']) {
    const result = await attempt(text, [aNotice(1, 'Failed')]);
    expect(result).toEqual({ failure: expect.stringMatching(/^Secret shop\/serin-notices, key receivers\.yaml: /) });
    expect(JSON.stringify(result)).not.toContain('xoxb');
  }
});

test('a Secret that is made to take long is read apart, or not at all', async () => {
  const keys = Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`).join(', ');
  const aliases = Array.from({ length: 80 }, () => '*a').join(', ');
  const repeated = `x: &a {${keys}}\nreceivers: [${aliases}]`;
  expect(await attempt(repeated, [aNotice(1, 'Failed')])).toMatchObject({ failure: expect.any(String) });
  const large = `receivers: [] # ${'x'.repeat(70_000)}`;
  expect(await attempt(large, [aNotice(1, 'Failed')])).toEqual({
    failure: expect.stringContaining('expected at most 65536 characters'),
  });
});

test('a receiver that rests is left alone', async () => {
  const progress = { hook: { delivered: 2 } };
  expect(await send(webhook(), [aNotice(3, 'Failed')], { receivers: progress, resting: ['hook'] })).toEqual({
    receivers: { hook: { delivered: 2, isSkipped: true } },
    lost: [],
  });
  expect(server.received).toEqual([]);
});

test('an attempt that is cut short says what it has achieved', async () => {
  const ending = new AbortController();
  const silent = await startHttpServer(() => ending.abort());
  const both = `receivers: [{name: silent, webhook: {url: "${silent.url}"}}, {name: up, webhook: {url: "${server.url}"}}]`;
  await send(both.replace(/\{name: silent.*?\}\}, /, ''), [aNotice(1, 'Started')]);
  const result = await send(both, [aNotice(1, 'Started')], {
    signal: ending.signal,
    receivers: { up: { delivered: 1 } },
  });
  await silent.close();
  expect(result).toEqual({ receivers: { silent: { delivered: 0 }, up: { delivered: 1 } }, lost: [] });
});

test('a Secret that is gone, or has no such key, is no receiver', async () => {
  expect(await send(undefined, [aNotice(1, 'Failed')])).toEqual({ receivers: {}, lost: [] });
});

interface Mailbox {
  readonly url: string;
  readonly mails: string[];
  readonly close: () => Promise<void>;
}

async function startMailbox(options: Partial<SMTPServerOptions> = {}): Promise<Mailbox> {
  const mails: string[] = [];
  const mailbox = new SMTPServer({
    key: readFileSync('test/support/tls/key.pem'),
    cert: readFileSync('test/support/tls/certificate.pem'),
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString('utf8'));
        done();
      });
    },
    ...options,
  });
  const port = await freePort();
  await new Promise<void>((resolve) => mailbox.listen(port, '127.0.0.1', resolve));
  return { url: `127.0.0.1:${port}`, mails, close: () => new Promise((resolve) => mailbox.close(resolve)) };
}

test('mails of an experiment are one conversation, and a mail that comes twice has the same id', async () => {
  const mailbox = await startMailbox();
  const mail = `receivers: [{name: list, email: {server: "smtp://${mailbox.url}", from: serin@example.com, to: [sre@example.com, dev@example.com]}}]`;
  const first = await send(mail, [aNotice(1, 'Started')]);
  await send(mail, [aNotice(1, 'Started')]);
  const second = await send(mail, [aNotice(2, 'RolledBack')], { receivers: progressOf(first) });
  await mailbox.close();
  expect(second).toMatchObject({ receivers: { list: { delivered: 2 } }, lost: [] });
  const header = (name: string) =>
    mailbox.mails.map((text) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]?.trim());
  const ids = header('Message-ID');
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[0]);
  expect(header('In-Reply-To')[2]).toBe(ids[0]);
  expect(header('Subject')[2]).toBe('[error] prod-eu: shop/checkout-2: RolledBack happened');
  expect(header('To')[0]).toBe('sre@example.com, dev@example.com');
  expect(header('Auto-Submitted')[0]).toBe('auto-generated');
  expect(mailbox.mails[2]).toContain('because of <!channel> & *2*');
});

test('a password goes by TLS with the certificate of the host only', async () => {
  const seen: string[] = [];
  const mailbox = await startMailbox({
    disabledCommands: [],
    authOptional: false,
    onAuth: ({ password }, _session, done) => {
      seen.push(String(password));
      done(null, { user: 'user' });
    },
  });
  const mail = `receivers: [{name: list, email: {server: "smtp://user:pass@${mailbox.url}", from: serin@example.com, to: [sre@example.com]}}]`;
  expect(await send(mail, [aNotice(1, 'Started')])).toMatchObject({
    receivers: {
      list: { delivered: 0, failed: { why: expect.stringMatching(/^SMTP: .*(certificate|altnames)/i) } },
    },
  });
  await mailbox.close();
  const plain = await startMailbox();
  const unencrypted = mail.replace(/@127[^"]*/, `@${plain.url}`);
  expect(await send(unencrypted, [aNotice(1, 'Started')])).toMatchObject({
    lost: [expect.stringMatching(/^the notice Started was not delivered to list: SMTP: /)],
  });
  await plain.close();
  expect([...seen, ...plain.mails]).toEqual([]);
});

test('what a mail server refuses for good is given up, and what it refuses for now is tried again', async () => {
  let code = 550;
  const mailbox = await startMailbox({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such mailbox'), { responseCode: code })),
  });
  const mail = `receivers: [{name: list, email: {server: "smtp://${mailbox.url}", from: serin@example.com, to: [sre@example.com]}}]`;
  expect(await send(mail, [aNotice(1, 'Started')])).toMatchObject({
    receivers: { list: { delivered: 1 } },
    lost: [expect.stringContaining('no such mailbox')],
  });
  code = 451;
  expect(await send(mail, [aNotice(1, 'Started')])).toMatchObject({ receivers: { list: { delivered: 0 } }, lost: [] });
  await mailbox.close();
});

test('where a server takes a mail for some of its addresses, that is told, and nobody gets it twice', async () => {
  const mailbox = await startMailbox({
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('sre') ? Object.assign(new Error('not now'), { responseCode: 450 }) : null),
  });
  const mail = `receivers: [{name: list, email: {server: "smtp://${mailbox.url}", from: serin@example.com, to: [sre@example.com, dev@example.com]}}]`;
  const result = await send(mail, [aNotice(1, 'Started')]);
  await mailbox.close();
  expect(result).toMatchObject({
    receivers: { list: { delivered: 1 } },
    lost: ['the notice Started was not delivered to list: SMTP: 1 of its addresses were refused'],
  });
  expect(mailbox.mails).toHaveLength(1);
  // It follows nothing.
  expect(mailbox.mails[0]).not.toContain('In-Reply-To');
});

test('a mail server that goes on and on is given up in time, with little of what it says', async () => {
  const drip = createServer((socket) => {
    socket.write('220 mail\r\n');
    const timer = setInterval(() => socket.write(`250-${'x'.repeat(10_000)}\r\n`), 200);
    socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => drip.listen(0, '127.0.0.1', resolve));
  const { port } = drip.address() as AddressInfo;
  const mail = `receivers: [{name: list, email: {server: "smtp://127.0.0.1:${port}", from: serin@example.com, to: [sre@example.com]}}]`;
  const { receivers, lost } = await send(mail, [aNotice(1, 'Started')]);
  drip.close();
  expect(receivers['list']?.delivered === 0 || lost.length === 1).toBe(true);
  expect(JSON.stringify({ receivers, lost }).length).toBeLessThan(1_000);
});
