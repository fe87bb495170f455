import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { RequestKind } from '../../core/planner/requests.ts';
import { defined } from '../../core/text/defined.ts';
import type { Ask } from '../../server/api.ts';
import type { Assets } from '../../server/assets.ts';
import { readStates } from '../ui/recorded-states.ts';
import { buildPeopleApp } from './people-app.ts';
import type { PeopleAppOptions } from './people-app.ts';

const host = 'serin.example.com';
const origin = `https://${host}`;
const text = (type: string, content: string) => {
  const bytes = Buffer.from(content);
  return { type, content: { br: bytes, gzip: bytes, identity: bytes } };
};
const assets: Assets = new Map([
  ['/index.html', text('text/html; charset=utf-8', '<!doctype html>the page')],
  ['/assets/index-1.css', text('text/css; charset=utf-8', 'body {}')],
]);
const states = readStates();
const [listed] = [...states.values()].filter(({ page }) => page.report !== undefined && !page.isClosed);
if (listed === undefined) throw new Error('expected a recorded state');
const { page } = listed;
const namespace = page.report?.namespace ?? '';

/** A server that is reached by TLS, and requests to it. */
async function startServer({ sessionSecret, states: shown }: Partial<PeopleAppOptions> = {}) {
  const { app, cluster, asked, recorded } = await buildPeopleApp({
    assets,
    hosts: () => [host],
    scheme: 'https',
    annsNamespaces: [namespace],
    ...defined({ sessionSecret, states: shown }),
  });
  const request = async (
    path: string,
    { headers = {}, ...init }: RequestInit & { headers?: Record<string, string> } = {},
  ) => app.request(`${origin}${path}`, { ...init, headers: { host, ...headers } });
  const sendForm = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    request('/login', {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  const logIn = async (token: string): Promise<string> =>
    (await sendForm({ token })).headers.get('set-cookie')?.split(';')[0] ?? '';
  return { cluster, asked, recorded, request, sendForm, logIn };
}

const anAsk: Ask = {
  workflowId: page.workflowId,
  firstRunId: 'first-run',
  request: 'pause',
  reason: 'lunch',
};

function post(headers: Record<string, string>, body: unknown = anAsk) {
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The first value of a stream of events. */
async function firstValue(answer: Response): Promise<unknown> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let received = '';
  while (!received.includes('\n\n')) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) break;
    received += value ?? '';
  }
  await reader?.cancel();
  const [, event, data = ''] =
    /event: (\w+)\n(?:.*\n)*?data: (.*)|$/.exec(received.replace(/data: (.*)\nevent: (\w+)/, 'event: $2\ndata: $1')) ??
    [];
  return { event, data: JSON.parse(data || 'null') };
}

describe('logging in', () => {
  test('takes a token of Kubernetes, which becomes a cookie that nobody else can read', async () => {
    const { sendForm } = await startServer();
    const answer = await sendForm({ token: ' token-of-ann\n', next: '/experiment?id=x' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/experiment?id=x']);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^__Host-serin=[\w.-]+; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(cookie).not.toContain('token-of-ann');
  });

  test('is refused for another token, with the reason in the form', async () => {
    const { sendForm } = await startServer();
    const answer = await sendForm({ token: 'guessed' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.text()).toContain('Kubernetes does not know this token, or not any more.');
  });

  test.each([
    'https://evil.example',
    '//evil.example',
    String.raw`/\evil.example`,
    '/\t/evil.example',
    'javascript:1',
    '',
  ])('leads to the page, and not to %j', async (next) => {
    const { sendForm } = await startServer();
    const location = (await sendForm({ token: 'token-of-ann', next })).headers.get('location') ?? '';
    expect(new URL(location, origin).origin).toBe(origin);
  });

  test('shows what was asked for as text, in a form that only the page itself may send', async () => {
    const { request, sendForm } = await startServer();
    const form = await request(`/login?next=${encodeURIComponent('/"><script>?a&b')}`);
    expect(await form.text()).toContain('value="/%22%3E%3Cscript%3E?a&amp;b"');
    expect(form.headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(form.headers.get('strict-transport-security')).toBe('max-age=31536000');
    const foreign = await sendForm({ token: 'token-of-ann' }, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
  });

  test('leads a person to the form, with the way back, and tells a program', async () => {
    const { request } = await startServer();
    const opened = await request('/experiment?id=a%2Fb');
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/login?next=%2Fexperiment%3Fid%3Da%252Fb']);
    const answer = await request('/api/facts');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ kind: 'notLoggedIn', message: 'not logged in; log in at /login' });
  });

  test('is slowed down for who guesses, and not for who is in', async () => {
    const { sendForm, request, logIn } = await startServer();
    const cookie = await logIn('token-of-ann');
    for (let attempt = 0; attempt < 20; attempt += 1) expect((await sendForm({ token: 'guessed' })).status).toBe(401);
    expect((await sendForm({ token: 'guessed' })).status).toBe(429);
    expect((await request('/api/facts', { headers: bearer('guessed') })).status).toBe(429);
    expect((await request('/api/facts', { headers: { cookie } })).status).toBe(200);
    // All who come through one proxy have one address.
    expect((await request('/api/facts', { headers: bearer('token-of-ann') })).status).toBe(200);
    expect((await sendForm({ token: 'token-of-ann' })).status).toBe(303);
  });

  test('ends with the token, and at once by logging out', async () => {
    const { cluster, logIn, request } = await startServer();
    const cookie = await logIn('token-of-ann');
    expect((await request('/api/facts', { headers: { cookie } })).status).toBe(200);
    const out = await request('/logout', { method: 'POST', headers: { cookie, origin } });
    expect([out.status, out.headers.get('location')]).toEqual([303, '/login']);
    expect(out.headers.get('set-cookie')).toMatch(/^__Host-serin=; Max-Age=0; Path=\/; Secure$/);
    cluster.people.delete('token-of-ann');
    expect((await request('/api/facts', { headers: { cookie } })).status).toBe(401);
  });

  test('is of one server: the cookie of another is worth nothing, nor is one that was changed', async () => {
    const [one, another] = [await startServer(), await startServer({ sessionSecret: 'another secret' })];
    const cookie = await another.logIn('token-of-ann');
    expect((await another.request('/api/facts', { headers: { cookie } })).status).toBe(200);
    expect((await one.request('/api/facts', { headers: { cookie } })).status).toBe(401);
    expect((await another.request('/api/facts', { headers: { cookie: `${cookie}x` } })).status).toBe(401);
  });
});

describe('what a person sees', () => {
  test('is who they are, and the experiments of the namespaces where they may get them', async () => {
    const { request, cluster } = await startServer();
    const facts = await request('/api/facts', { headers: bearer('token-of-ann') });
    expect(await facts.json()).toMatchObject({ user: 'ann', isVerified: true });
    const names = async (token: string) => {
      const { data } = (await firstValue(await request('/api/experiments', { headers: bearer(token) }))) as {
        data: { changed: readonly { name?: string }[] };
      };
      return new Set(data.changed.map(({ name }) => name?.split('/')[0]));
    };
    expect(await names('token-of-ann')).toEqual(new Set([namespace]));
    expect(await names('token-of-eve')).toEqual(new Set());
    cluster.rights.set(`eve ${namespace}`, ['get']);
    expect(await names('token-of-eve')).toEqual(new Set([namespace]));
  });

  test.each(['experiment', 'record', 'recorded', 'explanation'])(
    'is nothing of another namespace: %s',
    async (what) => {
      const { request } = await startServer();
      const path = `/api/${what}?id=${encodeURIComponent(page.workflowId)}&interval=1`;
      const message = `there is no experiment ${page.workflowId} that eve may see`;
      const answer = await request(path, { headers: bearer('token-of-eve') });
      if (what === 'experiment') {
        expect(await firstValue(answer)).toEqual({ event: 'problem', data: { kind: 'notFound', message } });
        return;
      }
      expect(answer.status).toBe(404);
      expect(await answer.json()).toEqual({ kind: 'notFound', message });
    },
  );

  test('of a run that does not answer is by the namespace that was recorded, whatever its target is', async () => {
    const { report: _, ...silent } = page;
    const target = `${namespace}/somewhere`;
    const shown = new Map([['silent', { ...listed, page: { ...silent, target } }]]);
    const { request, cluster, recorded, asked } = await startServer({ states: shown });
    const path = `/api/record?id=${encodeURIComponent(page.workflowId)}`;
    const look = async (token: string) => (await request(path, { headers: bearer(token) })).status;
    // ann may do everything where the target is, and nothing where the experiment is.
    recorded.set(page.workflowId, 'elsewhere');
    expect(await look('token-of-ann')).toBe(404);
    expect((await request('/api/ask', post(bearer('token-of-ann'), { ...anAsk, request: 'abort' }))).status).toBe(404);
    cluster.rights.set('eve elsewhere', ['get', 'abort']);
    expect(await look('token-of-eve')).toBe(200);
    expect((await request('/api/ask', post(bearer('token-of-eve'), { ...anAsk, request: 'abort' }))).status).toBe(200);
    expect(asked).toHaveLength(1);
    // Of one that has read no manifest nothing is known: only who may see all sees it.
    recorded.clear();
    expect(await look('token-of-eve')).toBe(404);
    cluster.rights.set('eve ', ['get']);
    expect(await look('token-of-eve')).toBe(200);
  });
});

describe('what a person asks', () => {
  test('is signed with their name, for this request to this run', async () => {
    const { request, asked } = await startServer();
    const answer = await request('/api/ask', post({ ...bearer('token-of-ann') }));
    expect(await answer.json()).toEqual({ message: 'pause accepted' });
    expect(asked).toEqual([{ ask: anAsk, request: { by: 'ann', reason: 'lunch', proof: expect.any(String) } }]);
    expect(decodeJwt(asked[0]?.request.proof ?? '')).toMatchObject({
      iss: 'serin',
      sub: 'ann',
      aud: page.workflowId,
      run: 'first-run',
      act: 'pause',
      reason: 'lunch',
    });
  });

  test.each(['abort', 'approve', 'reject', 'pause', 'resume'] as const)(
    'is refused to who may not: %s',
    async (kind) => {
      const { request, asked, cluster } = await startServer();
      cluster.rights.set(`eve ${namespace}`, ['get']);
      const answer = await request('/api/ask', post(bearer('token-of-eve'), { ...anAsk, request: kind }));
      expect(answer.status).toBe(403);
      const verb = { abort: 'abort', approve: 'approve', reject: 'approve', pause: 'pause', resume: 'pause' }[kind];
      expect(await answer.json()).toEqual({
        kind: 'forbidden',
        message: `eve may not ${verb} experiments.serin.dev in namespace ${namespace}; a Role with that verb allows it (docs/approvals.md)`,
      });
      expect(asked).toEqual([]);
    },
  );

  test('with a cookie has to come from the page itself', async () => {
    const { request, logIn, asked } = await startServer();
    const cookie = await logIn('token-of-ann');
    for (const headers of [{}, { origin: 'https://evil.example' }, { origin, 'sec-fetch-site': 'cross-site' }]) {
      expect((await request('/api/ask', post({ cookie, ...headers }))).status).toBe(403);
    }
    expect(asked).toEqual([]);
    expect((await request('/api/ask', post({ cookie, origin }))).status).toBe(200);
  });

  test('through a proxy that sends the token for a browser has to come from the page itself, too', async () => {
    const { request, asked } = await startServer();
    const headers = { ...bearer('token-of-ann'), origin: 'https://evil.example' };
    expect((await request('/api/ask', post(headers))).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test.each<[RequestKind, readonly string[]]>([
    ['approve', ['sre', 'staff']],
    ['pause', []],
  ])('tells of groups only where they may count: %s', async (kind, groups) => {
    const { request, asked } = await startServer();
    await request('/api/ask', post(bearer('token-of-ann'), { ...anAsk, request: kind }));
    expect(decodeJwt(asked[0]?.request.proof ?? '')['groups']).toEqual(groups);
  });

  test('is limited to sixty requests a minute', async () => {
    const { request } = await startServer();
    for (let n = 0; n < 60; n += 1) expect((await request('/api/ask', post(bearer('token-of-ann')))).status).toBe(200);
    expect((await request('/api/ask', post(bearer('token-of-ann')))).status).toBe(429);
  });
});

test('whoever looks after the pod may ask whether it lives', async () => {
  const { request } = await startServer();
  const answer = await request('/healthz', { headers: { host: '10.1.2.3:8690' } });
  expect([answer.status, await answer.text()]).toEqual([200, 'ok']);
});
