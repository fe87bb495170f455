import { afterEach, describe, expect, test } from 'vitest';
import { requireAllowedAddress, requireAllowedUrl } from '../../../activities/http/allowed-hosts.ts';
import { requestText, requireSuccess } from '../../../activities/http/request-text.ts';
import { caughtFailure } from '../../support/activity.ts';
import { startHttpServer } from './http-server.ts';
import type { TestServer } from './http-server.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(...answer: Parameters<typeof startHttpServer>): Promise<TestServer> {
  const server = await startHttpServer(...answer);
  servers.push(server);
  return server;
}

type Request = Parameters<typeof requestText>[0];

function request(url: string, changes: Partial<Request> = {}): Request {
  const signal = new AbortController().signal;
  return { url, method: 'GET', limitMs: 5_000, signal, allowedHosts: ['*'], ...changes };
}

describe('a request', () => {
  test('carries method, headers and body, and answers status and text', async () => {
    const server = await serve((_, response) => void response.writeHead(418).end('tée'));
    const body = '{"ä":1}';
    const sent = request(`${server.url}/path?a=b`, { method: 'POST', headers: { 'x-a': 'b' }, body });
    expect(await requestText(sent)).toEqual({ status: 418, text: 'tée' });
    expect(server.received).toMatchObject([{ method: 'POST', url: '/path?a=b', body, headers: { 'x-a': 'b' } }]);
  });

  test('does not follow a redirect', async () => {
    const server = await serve((_, response) => void response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await requestText(request(server.url))).toMatchObject({ status: 302 });
    expect(server.received).toHaveLength(1);
  });

  test('has a limit, and then may be repeated', async () => {
    const server = await serve(() => undefined);
    const failure = await caughtFailure(() => requestText(request(`${server.url}/?token=hush`, { limitMs: 50 })));
    expect(failure).toMatchObject({
      type: 'HttpUnavailable',
      isRetryable: true,
      message: `GET ${server.url}: no answer within 0.05 s`,
    });
  });

  test('of a server that is not there may be repeated', async () => {
    const server = await startHttpServer();
    await server.close();
    const failure = await caughtFailure(() => requestText(request(server.url)));
    expect(failure).toMatchObject({ type: 'HttpUnavailable', message: expect.stringContaining('ECONNREFUSED') });
  });

  test('ends with its signal', async () => {
    const stop = new AbortController();
    const server = await serve(() => stop.abort(new Error('stopped')));
    await expect(requestText(request(server.url, { signal: stop.signal }))).rejects.toThrow('stopped');
  });

  test('checks TLS, so that what does not speak it is not talked to', async () => {
    const server = await serve();
    const failure = await caughtFailure(() => requestText(request(server.url.replace('http:', 'https:'))));
    expect(failure.type).toBe('HttpUnavailable');
    expect(server.received).toEqual([]);
  });

  test('is refused an answer without end', async () => {
    const server = await serve((_, response) => void response.end(Buffer.alloc(5 * 1024 * 1024)));
    expect(await caughtFailure(() => requestText(request(server.url)))).toMatchObject({
      message: expect.stringContaining('the answer is longer than'),
    });
  });
});

describe('an address', () => {
  test.each([
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['http://[::ffff:169.254.169.254]/', 'never allowed'],
    ['http://[fe80::1]/', 'never allowed'],
    ['http://[fd00:ec2::23]/', 'never allowed'],
    ['http://[fd20:ce::254]/', 'never allowed'],
    ['http://[64:ff9b::a9fe:a9fe]/', 'never allowed'],
    ['http://[64:ff9b::6464:64c8]/', 'never allowed'],
    ['http://0xA9FEA9FE/', '169.254.169.254'],
    ['http://100.100.100.200/', 'never allowed'],
    ['file:///etc/passwd', 'only complete http and https URLs'],
    ['/path', 'only complete http and https URLs'],
  ])('%s is never allowed', async (url, words) => {
    const failure = await caughtFailure(() => requestText(request(url)));
    expect(failure).toMatchObject({ type: 'AddressNotAllowed', isRetryable: false });
    expect(failure.message).toContain(words);
  });

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://017700000001/',
    'http://localhost/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[::127.0.0.1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[fc00::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b:1::a00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[2001:0:7f00:1::]/',
    'http://[2001:db8::1]/',
    'http://[100::1]/',
  ])('%s is not public: refused unless the platform opens it', async (url) => {
    const failure = await caughtFailure(() => requestText(request(url, { allowedHosts: ['other.example'] })));
    expect(failure).toMatchObject({ type: 'AddressNotAllowed', isRetryable: false });
    expect(failure.message).toMatch(/which is not public, .* \(SERIN_ALLOWED_HOSTS\): other\.example$/);
  });

  test.each([
    ['http://app.team-a.svc/', undefined],
    ['http://app.team-a.svc.cluster.local:8080/', undefined],
    ['http://app.team-b.svc/', 'not public'],
    ['http://team-a.svc/', 'not public'],
    ['http://app.team-a.svc.evil.example/', 'not public'],
  ])('of a service, %s, is open to its own namespace only', (url, refusal) => {
    const { url: read, reach } = requireAllowedUrl(url, { allowedHosts: [], namespace: 'team-a' });
    const check = () => requireAllowedAddress(read.host, '10.96.0.7', { allowedHosts: [], reach });
    if (refusal === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(refusal);
  });

  /** Whoever may make services in a namespace may give one the name of any host (`type: ExternalName`). */
  test.each([
    '127.0.0.1',
    '::1',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '2001:0:7f00:1::',
  ])('of a service that is given the address %s, is refused unless the platform opens it', (address) => {
    const { reach } = requireAllowedUrl('http://app.team-a.svc/', { allowedHosts: [], namespace: 'team-a' });
    expect(() => requireAllowedAddress('app.team-a.svc', address, { allowedHosts: [], reach })).toThrow('not public');
    const allowedHosts = ['*.team-a.svc'];
    const opened = requireAllowedUrl('http://app.team-a.svc/', { allowedHosts, namespace: 'team-a' });
    expect(() => requireAllowedAddress('app.team-a.svc', address, { ...opened, allowedHosts })).not.toThrow();
  });

  test.each(['64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe', '2002:a9fe:a9fe::', '::ffff:0:169.254.169.254'])(
    'of metadata behind %s, is never allowed',
    (address) => {
      const open = { allowedHosts: ['*'], reach: 'open' } as const;
      expect(() => requireAllowedAddress('h', address, open)).toThrow('never allowed');
    },
  );

  test.each(['8.8.8.8', '2606:4700:4700::1111'])('of the public internet, %s, is allowed', (address) => {
    const closed = { allowedHosts: [], reach: 'public' } as const;
    expect(() => requireAllowedAddress('example.com', address, closed)).not.toThrow();
  });

  test.each([
    ['*', true],
    ['127.0.0.1', true],
    ['127.0.0.1:PORT', true],
    ['*:PORT', true],
    ['127.0.0.1:1', false],
    ['localhost', false],
    ['*.0.0.1', true],
    ['*.example.com', false],
  ])('of loopback is within %s: %s', async (pattern, isAllowed) => {
    const server = await serve();
    const allowedHosts = ['other.example.com', pattern.replace('PORT', String(server.port))];
    if (isAllowed)
      return expect(await requestText(request(server.url, { allowedHosts }))).toMatchObject({ text: 'ok' });
    const failure = await caughtFailure(() => requestText(request(server.url, { allowedHosts })));
    expect(failure).toMatchObject({ type: 'AddressNotAllowed' });
    expect(failure.message).toContain('(SERIN_ALLOWED_HOSTS): other.example.com, ');
    expect(server.received).toEqual([]);
  });

  test('by name is looked up and reached', async () => {
    const server = await serve();
    const url = `http://localhost:${server.port}`;
    expect(await requestText(request(url, { allowedHosts: ['LOCALHOST'] }))).toMatchObject({ status: 200 });
  });
});

test.each([
  [204, undefined, undefined],
  [302, 'HttpRefused', false],
  [404, 'HttpRefused', false],
  [429, 'HttpUnavailable', true],
  [503, 'HttpUnavailable', true],
])('the answer %d is the failure %s', async (status, type, isRetryable) => {
  if (type === undefined) return requireSuccess({ status, text: '' }, 'it');
  const failure = await caughtFailure(async () => requireSuccess({ status, text: 'no\n' }, 'it'));
  expect(failure).toMatchObject({ type, isRetryable, message: `it answered ${status}: no` });
});

test.each([
  [{ Host: 'other.example' }, "the header Host is not a manifest's to set"],
  [{ cookie: 'a=b' }, "the header cookie is not a manifest's to set"],
  [{ 'Transfer-Encoding': 'chunked' }, "the header Transfer-Encoding is not a manifest's to set"],
  [{ 'x-a': 'b\r\nHost: c' }, 'the header x-a has a line break or another character that no header takes'],
  [{ 'x a': 'b' }, '"x a" is no name of a header'],
])('a request with the headers %j is not sent', async (headers, message) => {
  const server = await serve();
  const failure = await caughtFailure(() => requestText(request(server.url, { headers })));
  expect(failure).toMatchObject({ type: 'HttpRefused', isRetryable: false, message });
  expect(server.received).toEqual([]);
});
