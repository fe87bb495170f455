import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import { freePort } from '../../../sandbox/processes/ports.ts';
import { startHttpServer } from '../http/http-server.ts';
import type { TestServer } from '../http/http-server.ts';
import { aNotice, send } from './notices.ts';

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
  expect(first).toMatchObject({ receivers: { hook: { delivered: 0 } }, retryAfterMs: 7_000 });
  answer = { status: 200 };
  expect(await send(webhook(), [notice], { receivers: first.receivers })).toEqual({
    receivers: { hook: { delivered: 3 } },
    lost: [],
    behind: {},
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
    receivers: { office: { delivered: 0 } },
    behind: { office: expect.stringContaining('HTTP error 429') },
  });
});

test('a refusal is told without what is secret of the receiver', async () => {
  answer = { status: 401, body: 'bad Bearer secret-token for /hook?key=secret-key' };
  const { lost } = await send(webhook(), [aNotice(1, 'Failed')]);
  expect(lost).toEqual(['the notice Failed was not delivered to hook: the webhook answered 401: bad *** for ***']);
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
    receivers: { down: { delivered: 0 }, up: { delivered: 2 } },
    lost: [],
    behind: { down: expect.stringContaining('ECONNREFUSED') },
  });
});

test('what a receiver does not want it is not told, and is not behind with it', async () => {
  const errors = `receivers: [{name: pager, severity: error, webhook: {url: "${server.url}"}}]`;
  expect(await send(errors, [aNotice(1, 'Started'), aNotice(2, 'Failed'), aNotice(3, 'Blind')])).toMatchObject({
    receivers: { pager: { delivered: 3 } },
  });
  expect(server.received.map(({ body }) => JSON.parse(body).data.event)).toEqual(['Failed']);
});

test('a Secret that cannot be read as receivers is told, with the place and without values', async () => {
  const { lost, receivers } = await send('receivers: [{name: a, slack: {channel: c}, tokn: xoxb-secret}]', [
    aNotice(1, 'Failed'),
  ]);
  expect(lost).toEqual([
    expect.stringMatching(
      /^no notices were sent: Secret shop\/serin-notices, key receivers\.yaml: line 1: receivers\[0\]/,
    ),
  ]);
  expect(lost.join()).not.toContain('xoxb');
  expect(receivers).toEqual({});
});

test('a Secret that is gone, or has no such key, is no receiver', async () => {
  expect(await send(undefined, [aNotice(1, 'Failed')])).toEqual({ receivers: {}, lost: [], behind: {} });
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
  const second = await send(mail, [aNotice(2, 'RolledBack')], { receivers: first.receivers });
  await mailbox.close();
  expect(second).toMatchObject({ receivers: { list: { delivered: 2 } }, lost: [], behind: {} });
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
    receivers: { list: { delivered: 0 } },
    behind: { list: expect.stringMatching(/^SMTP: .*(certificate|altnames)/i) },
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
