import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accessProblems } from '../../../metrics/prometheus/access.ts';
import type { PrometheusAccess } from '../../../metrics/prometheus/access.ts';
import { connectPrometheus } from '../../../metrics/prometheus/prometheus.ts';
import { Unmeasured } from '../../../metrics/unmeasured.ts';
import { startScriptedStore } from '../../support/scripted-store.ts';
import type { ScriptedStore, StoreScript } from '../../support/scripted-store.ts';

const [certificateFile, keyFile] = ['certificate', 'key'].map((name) =>
  fileURLToPath(new URL(`../../support/tls/${name}.pem`, import.meta.url)),
) as [string, string];
const [cert, key] = [readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8')];

let directory: string;
let store: ScriptedStore | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serin-access-'));
});
afterEach(async () => {
  await store?.close();
  await rm(directory, { recursive: true });
});

async function serve(script: StoreScript = {}): Promise<ScriptedStore> {
  store = await startScriptedStore(script);
  return store;
}

async function aFile(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

function ask(baseUrl: string, access: PrometheusAccess = {}) {
  const { signal } = new AbortController();
  return connectPrometheus({ baseUrl, access, signal, limitMs: 10_000 }).ask({ query: 'up', atMs: 1_700_000_000_000 });
}

async function rejection(answer: Promise<unknown>): Promise<{ kind: string; reason: string }> {
  const error: unknown = await answer.catch((thrown: unknown) => thrown);
  if (!(error instanceof Unmeasured)) throw new Error('expected Unmeasured', { cause: error });
  return { kind: error.kind, reason: error.message };
}

describe('access to a store', () => {
  test('sends the headers of the settings', async () => {
    const { url, requests } = await serve();
    await ask(url, { prometheusHeaders: { 'X-Scope-OrgID': 'team-a' } });
    expect(requests[0]?.headers).toMatchObject({ 'x-scope-orgid': 'team-a' });
  });

  test('reads the token anew for each request', async () => {
    const { url, requests } = await serve();
    const prometheusTokenFile = await aFile('token', 'first\n');
    await ask(url, { prometheusTokenFile });
    await aFile('token', 'second\n');
    await ask(url, { prometheusTokenFile });
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  test('keeps the prefix and the query parameters of the URL', async () => {
    const { url, requests } = await serve();
    await ask(`${url}/select/0/prometheus/?namespace=shop&extra_label=cluster%3Dprod`);
    expect(requests[0]?.path).toBe('/select/0/prometheus/api/v1/query?namespace=shop&extra_label=cluster%3Dprod');
  });

  test('trusts the given authority, and shows the given certificate', async () => {
    const { url } = await serve({ tls: { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true } });
    const access = {
      prometheusCaFile: certificateFile,
      prometheusCertificateFile: certificateFile,
      prometheusKeyFile: keyFile,
    };
    expect(await ask(url, access)).toEqual([]);
    expect(await rejection(ask(url, { prometheusCaFile: certificateFile }))).toEqual({
      kind: 'blind',
      reason:
        `Prometheus at ${url}/api/v1/query: tlsv13 alert certificate required; ` +
        'SERIN_PROMETHEUS_CERTIFICATE_FILE and SERIN_PROMETHEUS_KEY_FILE are what it was shown',
    });
  });

  test('names the setting of the authority where the certificate is of an unknown one', async () => {
    const { url } = await serve({ tls: { cert, key } });
    const { kind, reason } = await rejection(ask(url));
    expect(kind).toBe('blind');
    expect(reason).toMatch(/self-signed certificate.*; SERIN_PROMETHEUS_CA_FILE names the authority to trust$/);
  });

  test('is blind while the file of the token cannot be read, or has none', async () => {
    const { url } = await serve();
    expect(await rejection(ask(url, { prometheusTokenFile: join(directory, 'absent') }))).toEqual({
      kind: 'blind',
      reason: expect.stringMatching(/^SERIN_PROMETHEUS_TOKEN_FILE cannot be read: ENOENT/) as string,
    });
    expect(await rejection(ask(url, { prometheusTokenFile: await aFile('token', '\n') }))).toEqual({
      kind: 'blind',
      reason: 'SERIN_PROMETHEUS_TOKEN_FILE: expected a token on one line, got nothing',
    });
  });

  const missing =
    'set SERIN_PROMETHEUS_TOKEN_FILE, SERIN_PROMETHEUS_HEADERS, or user and password in SERIN_PROMETHEUS_URL';

  test.each([
    { status: 401, headers: {}, says: `nothing says who asks: ${missing}` },
    {
      status: 401,
      headers: { 'X-Scope-OrgID': 'team-a' },
      says: `nothing says who asks, beside the header X-Scope-OrgID: ${missing}`,
    },
    {
      status: 403,
      headers: { Authorization: 'Bearer abc' },
      says: 'it refuses what the header Authorization of SERIN_PROMETHEUS_HEADERS says',
    },
  ])('says what to set after HTTP $status to $headers', async ({ status, headers, says }) => {
    const { url } = await serve({ answer: () => ({ status, body: 'who are you?' }) });
    expect(await rejection(ask(url, { prometheusHeaders: headers }))).toEqual({
      kind: 'error',
      reason: `Prometheus at ${url}/api/v1/query answered HTTP ${status}: who are you?; ${says}`,
    });
  });

  test('names the token file, or the user of the URL, that is refused', async () => {
    const { url } = await serve({ answer: () => ({ status: 401, body: 'no' }) });
    const { reason } = await rejection(ask(url, { prometheusTokenFile: await aFile('token', 'old') }));
    expect(reason).toMatch(/: no; it refuses what SERIN_PROMETHEUS_TOKEN_FILE says$/);
    const byUser = await rejection(ask(url.replace('//', '//serin:secret@')));
    expect(byUser.reason).toMatch(/: no; it refuses what the user of SERIN_PROMETHEUS_URL says$/);
  });

  test('follows no redirect, which would carry the credentials away', async () => {
    const { url, requests } = await serve({ answer: () => ({ status: 302, body: '' }) });
    expect(await rejection(ask(url))).toEqual({
      kind: 'error',
      reason: `Prometheus at ${url}/api/v1/query answered HTTP 302, and redirects are not followed: use the address that it leads to`,
    });
    expect(requests).toHaveLength(1);
  });

  test('shows no secret that an answer repeats', async () => {
    const { url } = await serve({
      answer: ({ headers, path }) => ({ status: 401, body: `${JSON.stringify(headers)} ${path}` }),
    });
    const access = {
      prometheusTokenFile: await aFile('token', 'token-secret'),
      prometheusHeaders: { 'X-Key': 'header-secret' },
    };
    const { reason } = await rejection(ask(`${url}?key=query-secret`, access));
    expect(reason).toContain('***');
    expect(reason).not.toMatch(/secret/);
    await store?.close();
    const echo = await serve({
      answer: ({ headers }) => ({ status: 403, body: headers.authorization?.slice(7) ?? '' }),
    });
    const words = await rejection(ask(echo.url, { prometheusHeaders: { Authorization: 'Bearer header-secret' } }));
    expect(words.reason).toContain('HTTP 403: ***;');
    const byUser = await rejection(ask(echo.url.replace('//', '//serin:password-secret@')));
    expect(byUser.reason).not.toMatch(/secret|c2VyaW46/);
  });
});

describe('the settings of access', () => {
  const baseUrl = 'http://prometheus:9090';

  test('have nothing wrong where there are none', () => {
    expect(accessProblems({ baseUrl })).toEqual([]);
  });

  test('have one authorization', async () => {
    const prometheusTokenFile = await aFile('token', 'x');
    const access = { prometheusTokenFile, prometheusHeaders: { authorization: 'Bearer x' } };
    expect(accessProblems({ baseUrl: 'http://serin:x@prometheus', access })).toEqual([
      'SERIN_PROMETHEUS_TOKEN_FILE and the header Authorization of SERIN_PROMETHEUS_HEADERS and the user of ' +
        'SERIN_PROMETHEUS_URL: expected one of them, since a request has one authorization',
    ]);
  });

  test('have a key beside a certificate, and files that can be read', () => {
    const access = { prometheusCertificateFile: certificateFile, prometheusCaFile: join(directory, 'absent') };
    expect(accessProblems({ baseUrl, access })).toEqual([
      'SERIN_PROMETHEUS_CERTIFICATE_FILE and SERIN_PROMETHEUS_KEY_FILE: expected both, got one',
      expect.stringMatching(/^SERIN_PROMETHEUS_CA_FILE: expected a readable file, got ENOENT/),
    ]);
  });
});
