import { describe, expect, test } from 'vitest';
import { oneTimeAccess } from '../../server/access.ts';
import { buildApp } from '../../server/app.ts';
import type { Ask, AskAnswer } from '../../server/api.ts';
import type { Assets } from '../../server/assets.ts';
import { CommandError } from '../../client/errors.ts';
import { readStates } from '../ui/recorded-states.ts';
import { stateRuns } from '../ui/state-runs.ts';

const host = '127.0.0.1:4711';
const asset = (type: string, text: string) => ({
  type,
  content: { br: Buffer.from('br'), gzip: Buffer.from('gzip'), identity: Buffer.from(text) },
});
const assets: Assets = new Map([
  ['/index.html', asset('text/html; charset=utf-8', '<!doctype html>the page')],
  ['/assets/index-1.js', asset('text/javascript; charset=utf-8', 'run()')],
]);

/** A server that was asked nothing yet, and what it was asked to do. */
function startApp(answer: (ask: Ask) => Promise<AskAnswer> = async () => ({ message: 'paused' })) {
  const asked: Ask[] = [];
  const ask = async (one: Ask): Promise<AskAnswer> => {
    asked.push(one);
    return answer(one);
  };
  const access = oneTimeAccess();
  const runs = stateRuns(readStates(), { ask });
  const app = buildApp({
    runsOf: () => runs,
    scheme: 'http',
    assets,
    access,
    hosts: () => [host, 'localhost:4711'],
  });
  const request = async (
    path: string,
    { headers = {}, ...init }: RequestInit & { headers?: Record<string, string> } = {},
  ) => app.request(`http://${host}${path}`, { ...init, headers: { host, ...headers } });
  const logIn = async (): Promise<string> => {
    const { headers } = await request(`/login?token=${access.token}`);
    return headers.get('set-cookie')?.split(';')[0] ?? '';
  };
  return { request, logIn, access, asked };
}

const anAsk: Ask = { workflowId: 'experiment/shop/accounts', firstRunId: 'first', request: 'pause', reason: 'lunch' };

function post(cookie: string, body: unknown, headers: Record<string, string> = {}) {
  const usual = { cookie, origin: `http://${host}`, 'content-type': 'application/json' };
  return { method: 'POST', headers: { ...usual, ...headers }, body: JSON.stringify(body) };
}

describe('who may look', () => {
  test('is who opens the address first: its token is of no use a second time', async () => {
    const { request, access } = startApp();
    const first = await request(`/login?token=${access.token}`);
    expect(first.status).toBe(200);
    expect(first.headers.get('set-cookie')).toMatch(/^serin-[\w-]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const second = await request(`/login?token=${access.token}`);
    expect(second.status).toBe(401);
    expect(second.headers.get('set-cookie')).toBeNull();
    expect(await second.text()).toContain('this address has been used');
  });

  test.each(['/', '/assets/index-1.js', '/experiment?id=x', '/api/facts', '/api/experiments', '/api/record?id=x'])(
    'nobody without the cookie gets %s',
    async (path) => {
      const { request, logIn } = startApp();
      expect((await request(path)).status).toBe(401);
      expect((await request(path, { headers: { cookie: 'serin-session=guessed' } })).status).toBe(401);
      const cookie = await logIn();
      expect((await request(path, { headers: { cookie } })).status).not.toBe(401);
    },
  );

  test('a wrong token does not use the right one up', async () => {
    const { request, logIn } = startApp();
    expect((await request('/login?token=wrong')).status).toBe(401);
    expect(await logIn()).not.toBe('');
  });

  test('a name of a web site that points to loopback is refused', async () => {
    const { request, logIn } = startApp();
    const cookie = await logIn();
    const answer = await request('/api/facts', { headers: { cookie, host: 'attacker.example:4711' } });
    expect(answer.status).toBe(421);
    expect(await answer.text()).toBe(`expected Host ${host} or localhost:4711, got attacker.example:4711`);
  });
});

describe('what another page of this machine asks in the name of the person', () => {
  test.each(['same-site', 'cross-site', 'none'])('is refused when it comes from %s', async (from) => {
    const { request, logIn } = startApp();
    const headers = { cookie: await logIn(), 'sec-fetch-site': from };
    expect((await request('/api/facts', { headers })).status).toBe(403);
    expect((await request('/api/experiments', { headers })).status).toBe(403);
  });

  test('may be a link to the page', async () => {
    const { request, logIn } = startApp();
    const headers = { cookie: await logIn(), 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await request('/experiment?id=x', { headers })).status).toBe(200);
  });

  test('cannot use the token up, or open streams, by HEAD', async () => {
    const { request, logIn, access } = startApp();
    expect((await request(`/login?token=${access.token}`, { method: 'HEAD' })).status).toBe(405);
    const cookie = await logIn();
    expect(cookie).not.toBe('');
    expect((await request('/api/experiments', { method: 'HEAD', headers: { cookie } })).status).toBe(405);
  });
});

describe('what a person asks', () => {
  test('is handed on as it was asked', async () => {
    const { request, logIn, asked } = startApp();
    const answer = await request('/api/ask', post(await logIn(), anAsk));
    expect([answer.status, await answer.json()]).toEqual([200, { message: 'paused' }]);
    expect(asked).toEqual([anAsk]);
  });

  test.each<[string, Record<string, string>]>([
    ['another site', { origin: 'http://attacker.example' }],
    ['another port of loopback', { origin: 'http://127.0.0.1:9999' }],
    ['a form', { 'content-type': 'text/plain' }],
    ['nobody', { origin: '' }],
  ])('is refused from %s, cookie or not', async (_from, headers) => {
    const { request, logIn, asked } = startApp();
    expect((await request('/api/ask', post(await logIn(), anAsk, headers))).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['an unknown request', { ...anAsk, request: 'promote' }],
    ['no experiment', { request: 'pause' }],
    ['no run', { ...anAsk, firstRunId: undefined }],
    ['a reason that is too long', { ...anAsk, reason: 'x'.repeat(1_001) }],
    ['something else', ['pause']],
    ['nothing', null],
  ])('is refused with the expected shape when it is %s', async (_what, body) => {
    const { request, logIn, asked } = startApp();
    const answer = await request('/api/ask', post(await logIn(), body));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ kind: 'usage', message: expect.stringContaining('expected {workflowId') });
    expect(asked).toEqual([]);
  });

  test('is refused beyond 16 KiB', async () => {
    const { request, logIn } = startApp();
    expect((await request('/api/ask', post(await logIn(), { ...anAsk, more: 'x'.repeat(20_000) }))).status).toBe(413);
  });

  test.each([
    ['refused', 409],
    ['noWorker', 503],
    ['notFound', 404],
  ] as const)('that fails as %s is answered with why', async (kind, status) => {
    const { request, logIn } = startApp(() => Promise.reject(new CommandError(kind, 'because')));
    const answer = await request('/api/ask', post(await logIn(), anAsk));
    expect([answer.status, await answer.json()]).toEqual([status, { kind, message: 'because' }]);
  });
});

describe('what is sent', () => {
  test('runs nothing but the own scripts, in no frame, and is not kept', async () => {
    const { request, logIn } = startApp();
    const cookie = await logIn();
    const { headers } = await request('/', { headers: { cookie } });
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect((await request('/api/facts', { headers: { cookie } })).headers.get('cache-control')).toBe('no-store');
  });

  test('is compressed where the browser takes it, and named files are kept for ever', async () => {
    const { request, logIn } = startApp();
    const cookie = await logIn();
    const packed = await request('/assets/index-1.js', { headers: { cookie, 'accept-encoding': 'gzip, br' } });
    expect([packed.headers.get('content-encoding'), await packed.text()]).toEqual(['br', 'br']);
    expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const plain = await request('/assets/index-1.js', { headers: { cookie } });
    expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, 'run()']);
  });

  test('for an address of the page is the page, and for one of no file beside it too', async () => {
    const { request, logIn } = startApp();
    const cookie = await logIn();
    for (const path of ['/', '/experiment?id=x', '/../../etc/passwd', '/%2e%2e/package.json']) {
      const answer = await request(path, { headers: { cookie } });
      expect([answer.headers.get('content-type'), await answer.text()]).toEqual([
        'text/html; charset=utf-8',
        '<!doctype html>the page',
      ]);
    }
    expect((await request('/api/nothing', { headers: { cookie } })).status).toBe(404);
  });

  test('of an experiment is its state, then that it has ended', async () => {
    const { request, logIn } = startApp();
    const cookie = await logIn();
    const answer = await request('/api/experiment?id=experiment%2Fshop%2Fshipping', { headers: { cookie } });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = (await answer.text()).trim().split('\n\n');
    expect(events.map((event) => /^event: (.*)$/m.exec(event)?.[1])).toEqual(['value', 'end']);
    const data = /^data: (.*)$/m.exec(events[0] ?? '')?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({ isClosed: true, report: { name: 'shipping', outcome: 'Promoted' } });
  });

  test('of an experiment that does not exist is the problem', async () => {
    const { request, logIn } = startApp();
    const cookie = await logIn();
    const answer = await request('/api/experiment?id=nothing', { headers: { cookie } });
    expect(await answer.text()).toMatch(/event: problem[^]*"kind":"notFound"|"kind":"notFound"[^]*event: problem/);
  });
});
