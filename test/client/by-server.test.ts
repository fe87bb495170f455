import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startHttpServer } from '../activities/http/http-server.ts';
import type { TestServer } from '../activities/http/http-server.ts';
import { startSerinEnvironment } from './serin-environment.ts';
import type { SerinEnvironment } from './serin-environment.ts';

const workflowId = 'experiment/shop/checkout';

let environment: SerinEnvironment;
beforeAll(async () => {
  environment = await startSerinEnvironment();
  await environment.startExperiment(workflowId);
});
afterAll(() => environment.teardown());
beforeEach(() => void vi.stubEnv('SERIN_TOKEN', 'a-token'));
afterEach(() => void vi.unstubAllEnvs());

async function withServer(answer: RequestListener): Promise<TestServer> {
  const server = await startHttpServer(answer);
  onTestFinished(() => server.close());
  vi.stubEnv('SERIN_SERVER', server.url);
  return server;
}

function answerJson(status: number, body: unknown): RequestListener {
  return (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function countAborts(): Promise<number> {
  const { events = [] } = await environment.env.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'abort')
    .length;
}

const abort = () => environment.serin(['abort', workflowId, '--no-wait', '--by', 'ann']);
const pause = () => environment.serin(['pause', workflowId]);

test('a request goes to the server, with the token of the person', async () => {
  const { received } = await withServer(answerJson(200, { message: 'pause accepted' }));
  expect(await pause()).toMatchObject({ exitCode: 0, stdout: `${workflowId}: pause accepted\n` });
  expect(received).toEqual([
    expect.objectContaining({
      method: 'POST',
      url: '/api/ask',
      headers: expect.objectContaining({ authorization: 'Bearer a-token' }),
    }),
  ]);
});

test('an abort that the server takes is not sent twice', async () => {
  await withServer(answerJson(200, { message: 'abort recorded' }));
  const before = await countAborts();
  expect(await abort()).toMatchObject({ exitCode: 0, stdout: `${workflowId}: abort recorded\n`, stderr: '' });
  expect(await countAborts()).toBe(before);
});

describe.each<[string, RequestListener, string]>([
  ['that breaks off', (_, response) => void response.destroy(), 'does not answer: other side closed'],
  ['that leads elsewhere', (_, response) => void response.writeHead(307, { location: '/' }).end(), 'does not answer'],
  [
    'behind a proxy that asks to log in, with a page',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
    "answers 200, and not as serin's server does",
  ],
  ['of something else', answerJson(200, { ok: true }), "answers 200, and not as serin's server does"],
  ['of another kind of problems', answerJson(500, { kind: 'Status' }), "answers 500, and not as serin's server does"],
  ['that is overloaded', answerJson(429, { kind: 'refused', message: 'at most 60 requests a minute' }), 'at most 60'],
  [
    'that knows the token no more',
    answerJson(401, { kind: 'notLoggedIn', message: 'not logged in; log in at /login' }),
    'not logged in (SERIN_SERVER)',
  ],
  ['that refuses the person', answerJson(403, { kind: 'forbidden', message: 'bob may not' }), 'bob may not'],
  ['that knows no such experiment', answerJson(404, { kind: 'notFound', message: 'there is none' }), 'there is none'],
])('a server %s', (_, answer, why) => {
  test('keeps no abort away, which says that its name is not verified', async () => {
    await withServer(answer);
    const before = await countAborts();
    const { exitCode, stdout, stderr } = await abort();
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${workflowId}: abort recorded\n` });
    expect(stderr).toContain(why);
    expect(stderr).toContain('; the abort goes to Temporal, by a name that nobody has verified');
    expect(await countAborts()).toBe(before + 1);
  });

  test('refuses every other request, and it is not sent another way', async () => {
    await withServer(answer);
    const { exitCode, stdout, stderr } = await pause();
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(why);
  });
});

test.each(['http://serin.example.com', 'serin.example.com', 'ftp://127.0.0.1'])(
  'a token is sent by TLS, or on this machine: not to %s',
  async (address) => {
    vi.stubEnv('SERIN_SERVER', address);
    const { exitCode, stderr } = await pause();
    expect(exitCode).toBe(2);
    expect(stderr).toContain('SERIN_SERVER: expected an address such as https://serin.example.com');
    expect(await abort()).toMatchObject({ exitCode: 0, stdout: `${workflowId}: abort recorded\n` });
  },
);
