import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectOperatorCluster } from '../../operator/cluster.ts';
import type { WatchedExperiments } from '../../operator/watch.ts';

let server: Server;
let lists: number;
let watches: number;
/** How many lists, or watches, are refused first. */
let refusals: { readonly count: number; readonly code: number; readonly of: 'lists' | 'watches' };
let watched: WatchedExperiments | undefined;

/** What each watch is answered, before it ends. */
let answer: string;

/** The Experiments, in pages. */
let pages: readonly (readonly object[])[];

/** A page of the list; the token of the next one is its index. */
function pageFor(url: string): object {
  const index = Number(new URL(url, 'http://server').searchParams.get('continue') ?? 0);
  const more = index + 1 < pages.length ? { continue: String(index + 1) } : {};
  return { items: pages[index], metadata: { resourceVersion: '1', ...more } };
}

/** An API server that ends every watch at once. */
beforeEach(async () => {
  pages = [[]];
  answer = '';
  lists = 0;
  watches = 0;
  refusals = { count: 0, code: 200, of: 'lists' };
  server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const isWatch = request.url?.includes('watch=true') === true;
    if (isWatch) watches += 1;
    else lists += 1;
    const isRefused = isWatch === (refusals.of === 'watches') && (isWatch ? watches : lists) <= refusals.count;
    response.statusCode = isRefused ? refusals.code : 200;
    if (isWatch) response.end(answer);
    else
      response.end(JSON.stringify(isRefused ? { message: 'as the API server says it' } : pageFor(request.url ?? '')));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
});

afterEach(() => {
  watched?.stop();
  server.closeAllConnections();
  server.close();
});

function startWatch() {
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  config.loadFromClusterAndUser({ name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }, { name: 'u' });
  const broken = vi.fn();
  const ignore = (): void => undefined;
  const kind = { group: 'serin.dev', version: 'v1alpha1' } as const;
  const started = connectOperatorCluster(config).watch(kind, { changed: ignore, gone: ignore, broken });
  watched = started;
  return { config, broken, watched: started };
}

test('a watch outlives credentials that cannot be read when it connects again', async () => {
  const { config, broken } = startWatch();
  await vi.waitFor(() => expect(watches).toBeGreaterThan(0), { timeout: 60_000 });
  vi.spyOn(config, 'applySecurityAuthentication').mockRejectedValueOnce(new Error('the plugin has no token'));
  await vi.waitFor(() => expect(broken).toHaveBeenCalledWith('the plugin has no token'), { timeout: 60_000 });
  const before = watches;
  await vi.waitFor(() => expect(watches).toBeGreaterThan(before), { timeout: 60_000 });
});

test.each([
  [403, 'bind its account to the ClusterRole serin-operator of deploy/rbac.yaml'],
  [404, 'apply deploy/crds.yaml'],
])('a watch that is refused with %i says once what is missing, and begins when it is there', async (code, remedy) => {
  refusals = { count: 3, code, of: 'lists' };
  const { broken } = startWatch();
  await vi.waitFor(() => expect(watches).toBeGreaterThan(0), { timeout: 60_000 });
  expect(lists).toBeGreaterThan(3);
  const refused = `cannot list experiments.serin.dev: as the API server says it; ${remedy}`;
  expect(broken.mock.calls.filter(([reason]) => reason === refused)).toHaveLength(1);
});

test('a list that is allowed and a watch that is not say what is missing too', async () => {
  refusals = { count: 1, code: 403, of: 'watches' };
  const { broken } = startWatch();
  await vi.waitFor(() => expect(watches).toBeGreaterThan(1), { timeout: 60_000 });
  expect(broken).toHaveBeenCalledWith(expect.stringContaining('; bind its account to the ClusterRole serin-operator'));
});

function anExperiment(name: string): object {
  const metadata = { name, namespace: 'team-a', uid: name, resourceVersion: '1', annotations: { large: 'x' } };
  return { apiVersion: 'serin.dev/v1alpha1', kind: 'Experiment', metadata, spec: { target: 'app', large: 'x' } };
}

test('all pages of a list are taken in before it counts as known, and specs are not kept', async () => {
  pages = [[anExperiment('a'), anExperiment('b')], [anExperiment('c')]];
  const { watched: experiments } = startWatch();
  expect(experiments.list('team-a')).toBeUndefined();
  const known = await vi.waitFor(() => experiments.list('team-a') ?? expect.fail('not known yet'), { timeout: 60_000 });
  expect(known.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
  expect(experiments.get('c', 'team-a')).toMatchObject({ target: 'app' });
  expect(JSON.stringify(known)).not.toContain('large');
});

test.each([
  { name: 'an error of something before it', line: '{"error":"log in first"}' },
  { name: 'an error without an object', line: '{"type":"ERROR"}' },
  { name: 'a list', line: '{"kind":"ExperimentList","items":[]}' },
])('a watch that is answered $name ends with a reason, and begins again', async ({ line }) => {
  answer = `${line}\n${line}\n`;
  const { broken } = startWatch();
  await vi.waitFor(() => expect(watches).toBeGreaterThan(1), { timeout: 60_000 });
  const path = '/apis/serin.dev/v1alpha1/experiments';
  expect(broken).toHaveBeenCalledWith(`expected events of ${path}, got another answer`);
});

test.each([403, 404])('a kind whose list is refused with %i is known to have no objects', async (code) => {
  refusals = { count: Infinity, code, of: 'lists' };
  const { watched: experiments } = startWatch();
  await vi.waitFor(() => expect(experiments.list('team-a')).toEqual([]), { timeout: 60_000 });
});

test('it is not known which objects there are while the API server cannot list them', async () => {
  refusals = { count: 2, code: 500, of: 'lists' };
  const { watched: experiments } = startWatch();
  await vi.waitFor(() => expect(lists).toBe(2), { timeout: 60_000 });
  expect(experiments.list('team-a')).toBeUndefined();
  await vi.waitFor(() => expect(experiments.list('team-a')).toEqual([]), { timeout: 60_000 });
});
