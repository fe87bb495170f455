import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBase } from '../../sandbox/base.ts';
import type { Base } from '../../sandbox/base.ts';
import { connect } from '../../sandbox/cluster/client.ts';
import { listen } from '../../sandbox/processes/listen.ts';
import type { Listening } from '../../sandbox/processes/listen.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import type { Supervision } from '../../sandbox/processes/supervision.ts';
import { ProgramPods } from '../../sandbox/node/program-pods.ts';
import { until } from '../support/until.ts';

/** Answers at the path of what it is asked with the environment, `/file?path` with a file; ends at `/crash`. */
const script = `
  const { createServer } = require('node:http');
  const { readFileSync } = require('node:fs');
  const [host, port] = process.env.ADDRESS.split(':');
  const server = createServer((request, response) => {
    const [path, query] = request.url.split('?');
    if (path === '/crash') process.exit(1);
    if (path === '/ready') response.statusCode = process.env.READY === 'no' ? 503 : 200;
    response.end(path === '/file' ? readFileSync(query) : JSON.stringify(process.env));
  });
  server.listen(Number(port), host);
  process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
`;

const objects: Readonly<Record<string, object>> = {
  '/api/v1/namespaces/team/configmaps/settings': { data: { FROM_MAP: 'of the map', READY: 'yes' } },
  '/api/v1/namespaces/team/configmaps/files': {
    data: { config: 'token: /etc/secret/token, server: https://kubernetes.default.svc' },
  },
  '/api/v1/namespaces/team/secrets/secret': { data: { token: Buffer.from('hidden').toString('base64') } },
  '/api/v1/namespaces/team/serviceaccounts/account/token': { status: { token: 'of the account' } },
};

let api: Listening;
let supervision: Supervision;
let stateDirectory: string;
let pods: ProgramPods;
const statesOfPods = new Map<string, string[]>();

/** The states in which the pod has been, after the first. */
function seen({ metadata }: V1Pod): string[] {
  const known = statesOfPods.get(metadata?.uid ?? '') ?? [];
  statesOfPods.set(metadata?.uid ?? '', known);
  return known;
}

beforeAll(async () => {
  api = await listen(
    createServer(({ url = '' }, response) => {
      response.writeHead(url in objects ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(objects[url] ?? {}));
    }),
  );
  stateDirectory = await mkdtemp(join(tmpdir(), 'serin-pods-'));
  await mkdir(join(stateDirectory, 'logs'));
  supervision = startSupervision(stateDirectory);
  pods = new ProgramPods({
    // Programs of pods need no tool of the sandbox.
    base: makeBase({ supervision, stateDirectory, tools: {} as Base['tools'] }),
    cluster: connect(await writeKubeconfig(api.url)),
    program: { command: process.execPath, args: ['-e', script], path: '/usr/bin:/bin' },
    changed: (pod) => void pods.start(pod).then(({ state }) => seen(pod).push(state)),
  });
});

afterAll(async () => {
  await supervision.stop();
  await api.close();
});

async function writeKubeconfig(server: string): Promise<string> {
  const path = join(stateDirectory, 'kubeconfig');
  const context = { cluster: 'cluster', user: 'user' };
  const config = {
    clusters: [{ name: 'cluster', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user: {} }],
    contexts: [{ name: 'context', context }],
    'current-context': 'context',
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

interface PodChanges {
  readonly env?: Readonly<Record<string, string>>;
  readonly container?: Partial<V1Container>;
}

const readinessProbe = { httpGet: { path: '/ready', port: 'health' }, periodSeconds: 0.1, failureThreshold: 1 };

function makePod(name: string, { env = {}, container = {} }: PodChanges = {}): V1Pod {
  const own = { ADDRESS: '0.0.0.0:8680', CONFIG: '/etc/files/config', ...env };
  const main: V1Container = {
    name: 'main',
    image: 'serin',
    envFrom: [{ configMapRef: { name: 'settings' } }],
    env: Object.entries(own).map(([key, value]) => ({ name: key, value })),
    ports: [{ name: 'health', containerPort: 8680 }],
    readinessProbe,
    volumeMounts: ['files', 'secret'].map((volume) => ({ name: volume, mountPath: `/etc/${volume}` })),
    ...container,
  };
  const volumes = [
    { name: 'files', configMap: { name: 'files' } },
    { name: 'secret', secret: { secretName: 'secret' } },
  ];
  const account = { serviceAccountName: 'account', automountServiceAccountToken: true };
  return { metadata: { name, namespace: 'team', uid: name }, spec: { containers: [main], volumes, ...account } };
}

/** Starts the pod; `states` are those in which it has been since. */
async function startPod(pod: V1Pod) {
  const { ip } = await pods.start(pod);
  return { ip, states: seen(pod), ask: async (path: string) => (await fetch(`http://${ip}:8680${path}`)).text() };
}

test('a pod is ready by its probe, with the environment and the files that its container would have', async () => {
  const pod = makePod('whole');
  const { ip, states, ask } = await startPod(pod);
  await until('the pod to be ready', async () => states.includes('running'));
  const environment = JSON.parse(await ask('/')) as Readonly<Record<string, string>>;
  expect(environment).toMatchObject({ FROM_MAP: 'of the map', ADDRESS: `${ip}:8680` });
  const root = join(stateDirectory, 'pods/whole');
  expect(environment['CONFIG']).toBe(`${root}/etc/files/config`);
  // Names of the container's world are those of this machine, in ConfigMaps too.
  expect(await ask(`/file?${environment['CONFIG']}`)).toBe(`token: ${root}/etc/secret/token, server: ${api.url}`);
  expect(await ask(`/file?${root}/etc/secret/token`)).toBe('hidden');
  expect(await ask(`/file?${root}/var/run/secrets/kubernetes.io/serviceaccount/token`)).toBe('of the account');
  await pods.end(pod);
  expect(await readFile(join(stateDirectory, 'logs/pod-whole.log'), 'utf8')).toContain('asked to end');
  await expect(ask('/')).rejects.toThrow();
});

test('a program that ends is started again', async () => {
  // Its port closes before it has ended: a probe in between must not count.
  const patient = { ...readinessProbe, failureThreshold: 20 };
  const pod = makePod('crashing', { container: { readinessProbe: patient } });
  const { states, ask } = await startPod(pod);
  await until('the pod to be ready', async () => states.includes('running'));
  await expect(ask('/crash')).rejects.toThrow();
  await until('the pod to be ready again', async () => states.includes('crashing') && states.at(-1) === 'running');
  expect(states).toEqual(['running', 'crashing', 'unready', 'running']);
  await pods.end(pod);
});

test('a program that does not answer its liveness probe is killed', async () => {
  const livenessProbe = { httpGet: { path: '/ready', port: 8680 }, periodSeconds: 0.1, failureThreshold: 5 };
  const pod = makePod('dead', { env: { READY: 'no' }, container: { livenessProbe } });
  const { states } = await startPod(pod);
  await until('the program to be killed', async () => states.includes('crashing'));
  expect(states).not.toContain('running');
  await pods.end(pod);
});

test('two pods may listen at the same port', async () => {
  const both = [makePod('one'), makePod('two')];
  const [one, two] = await Promise.all(both.map(startPod));
  expect(one?.ip).not.toBe(two?.ip);
  await until('both to be ready', async () => both.every((pod) => seen(pod).includes('running')));
  await Promise.all(both.map((pod) => pods.end(pod)));
});
