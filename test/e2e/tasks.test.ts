import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runScript } from '../../activities/commands/run-script.ts';
import { notifyHttp, notifySlack } from '../../activities/http/notify.ts';
import { requestText } from '../../activities/http/request-text.ts';
import { checkObjects } from '../../activities/knative/check-objects.ts';
import type { ActivityCluster } from '../../activities/knative/cluster.ts';
import { acquireTarget } from '../../activities/knative/acquire-target.ts';
import { parseWaitFor } from '../../core/experiment/wait-for.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import type { Counts } from '../../core/measurements/measurement.ts';
import { startHttpServer } from '../activities/http/http-server.ts';
import type { TestServer } from '../activities/http/http-server.ts';
import { asActivity, caughtFailure } from '../support/activity.ts';
import { testCluster } from '../support/cluster.ts';
import { linkPrograms } from '../support/programs.ts';
import { deployTarget, startExperiment, underLoad } from '../support/scenario.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { publishFile } from '../support/charts.ts';
import { accountsOf, defaultBounds } from '../support/access.ts';
import type { Accounts } from '../../activities/accounts.ts';

const namespace = 'tasks';
const token = 'hush "$HOME" \'x\'';

let sandbox: Sandbox;
let server: TestServer;
let accounts: Accounts;
let cluster: ActivityCluster;

beforeAll(async () => {
  sandbox = (await testCluster()).sandbox;
  server = await startHttpServer((request, response) => {
    response.statusCode = request.url === '/refused' ? 400 : 200;
    response.end(request.url === '/refused' ? `bad token ${request.headers.authorization}` : '{"ok":true}');
  });
  accounts = accountsOf(sandbox);
  ({ cluster } = accounts.of(namespace));
});
afterAll(() => server.close());

/** What the experiment needs beside the target: a secret, and the right to look at and to apply a ConfigMap. */
async function prepareNamespace(): Promise<void> {
  const metadata = { name: 'task-objects', namespace };
  const subjects = [{ kind: 'ServiceAccount', name: 'serin', namespace }];
  const objects = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace }, stringData: { token } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'task-objects' },
      subjects,
    },
  ];
  await sandbox.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
}

/** A worker that may run all that the tasks run, with the programs on its path. */
async function startTaskWorker(taskQueue: string): Promise<void> {
  const programs = join(sandbox.stateDirectory, 'task-programs');
  const env = {
    PATH: await linkPrograms(sandbox, programs, ['kubectl', 'fortio']),
    SERIN_ALLOWED_COMMANDS: 'helm,bash,kubectl,fortio',
    SERIN_SLACK_URL: server.url,
  };
  await startWorkerProcess(sandbox, { name: taskQueue, taskQueue, env });
}

test('every task does its part in one experiment, and no secret shows', async () => {
  const target = await deployTarget({ name: 'all', namespace });
  await prepareNamespace();
  await startTaskWorker('tasks');
  const written = join(sandbox.stateDirectory, 'written');
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'promoted', namespace },
    data: { a: 'b' },
  };
  const manifest = await publishFile(sandbox, 'tasks-candidate.json', JSON.stringify(configMap));
  const secret = `${namespace}/keys`;
  const headers = { Host: target.host };
  const collect = {
    task: 'metrics/collect',
    with: {
      numQueries: 20,
      qps: 200,
      versions: ['current', 'candidate'].map((name) => ({ name, url: `${sandbox.gateway.url}/`, headers })),
    },
  };
  const start = [
    {
      task: 'common/readiness',
      with: {
        initialDelaySeconds: 0,
        objRefs: [
          { kind: 'ksvc', name: 'all', namespace, waitFor: 'condition=Ready' },
          { kind: 'configmap', name: 'promoted', namespace, waitFor: 'delete' },
        ],
      },
    },
    { run: `cd "$SCRATCH_DIR" && printf %s "@< .Secret "token" >@" > a && cp a ${written}`, with: { secret } },
    { task: 'common/bash', with: { script: 'test {{ .name }} = current' } },
    // What is counted is what verdicts rest on, so that there must be some before the last of the iterations.
    collect,
  ];
  const loop = [collect, { task: 'notification/slack', with: { channel: '#canaries', secret } }];
  const values = target.valuesUrls.baseline.replace('values.yaml', '{{ .promote }}.yaml');
  const finish = [
    {
      task: 'common/exec',
      if: 'CandidateWon()',
      with: { cmd: 'helm', args: ['upgrade', 'all', target.chartUrl, `--values=${values}`] },
    },
    {
      task: 'common/promote-kubectl',
      if: 'CandidateWon()',
      with: { namespace, manifest: manifest.replace('candidate.json', '{{ .name }}.json') },
    },
    { task: 'common/exec', if: 'not CandidateWon()', with: { cmd: 'kubectl', args: ['delete', 'ksvc', 'all'] } },
    { task: 'notification/http', with: { URL: `${server.url}/done`, authType: 'Bearer', secret } },
  ];

  const { value, load } = await underLoad(target, async () => {
    const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];
    const { handle, end } = await startExperiment(target, { taskQueue: 'tasks', start, loop, finish, objectives });
    return { end: await end(), history: await handle.fetchHistory() };
  });

  const { status, message, report } = value.end;
  expect({ status, message, outcome: report.outcome }).toEqual({ status: 'completed', outcome: 'Promoted' });
  expect(load.byStatus).toEqual({ '200': load.total });
  expect(await readFile(written, 'utf8')).toBe(token);
  expect(await sandbox.kubectl('get', 'configmap', 'promoted', '-n', namespace, '-o', 'jsonpath={.data.a}')).toBe('b');
  const counts = countsIn(value.history);
  expect(Object.keys(counts).toSorted()).toEqual(['candidate', 'current']);
  for (const { requests, errorsNot2xx, buckets, latencySumMs } of Object.values(counts)) {
    expect({ requests, errorsNot2xx, last: buckets.at(-1) }).toEqual({
      requests: 20,
      errorsNot2xx: 0,
      last: { le: null, count: 20 },
    });
    expect(latencySumMs).toBeGreaterThan(0);
  }
  const [slack, done] = server.received;
  expect(slack).toMatchObject({ url: '/chat.postMessage', headers: { authorization: `Bearer ${token}` } });
  expect(JSON.parse(slack?.body ?? '')).toMatchObject({
    channel: '#canaries',
    text: expect.stringContaining('Running'),
  });
  expect(done).toMatchObject({ method: 'POST', url: '/done', headers: { authorization: `Bearer ${token}` } });
  expect(done?.headers['idempotency-key']).toMatch(/\/finish\/3$/);
  expect(JSON.parse(done?.body ?? '')).toMatchObject({ summary: { winnerFound: true, winner: 'candidate' } });
  expect(Buffer.from(JSON.stringify(value.history)).includes('hush')).toBe(false);
  expect(payloadsIn(value.history).join('\n')).not.toContain('hush');
});

type History = Awaited<ReturnType<Awaited<ReturnType<typeof startExperiment>>['handle']['fetchHistory']>>;

/** Every input and result in the history, as text. */
function payloadsIn({ events }: History): readonly string[] {
  return (events ?? []).flatMap((event) => {
    const inputs = event.activityTaskScheduledEventAttributes?.input?.payloads ?? [];
    const results = event.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
    return [...inputs, ...results].map(({ data }) => Buffer.from(data ?? []).toString('utf8'));
  });
}

function countsIn(history: History): Readonly<Record<string, Counts>> {
  const result = payloadsIn(history).find((text) => text.startsWith('{"counts"')) ?? '{}';
  // The activity's result, by its contract.
  return (JSON.parse(result) as { counts: Readonly<Record<string, Counts>> }).counts;
}

describe('a look at objects', () => {
  const check = (kind: string, name: string, waitFor = 'create'): Promise<void> =>
    checkObjects(cluster, {
      objects: [{ kind, name, namespace, waitFor: parseWaitFor(waitFor) ?? { kind: 'exists' } }],
    });

  test.each(['ksvc', 'services.serving.knative.dev'])('names the kind as kubectl does, %s', async (kind) => {
    await asActivity(() => check(kind, 'all', 'condition=Ready'));
    expect(await caughtFailure(() => check(kind, 'nobody'))).toMatchObject({
      type: 'NotReady',
      isRetryable: true,
      message: `${kind} tasks/nobody: does not exist`,
    });
  });

  test('says which right is missing', async () => {
    const { type, message } = await caughtFailure(() => check('Configuration', 'all'));
    expect(type).toBe('Forbidden');
    expect(message).toContain(
      'give system:serviceaccount:tasks:serin the right "get" on Configuration in namespace tasks',
    );
  });

  test('waits for a kind that the API server does not know yet', async () => {
    expect(await caughtFailure(() => check('unicorns', 'a', 'delete'))).toMatchObject({
      type: 'NotReady',
      message: 'the API server knows no kind unicorns',
    });
  });
});

describe('a secret', () => {
  const dependencies = () => ({ cluster, allowedHosts: ['*'], slackUrl: server.url });
  const key = 'run/start/0';

  test('does not show in what a server answers', async () => {
    const secret = { namespace, name: 'keys' };
    const headers: never[] = [];
    const input = {
      namespace,
      method: 'POST',
      headers,
      body: [],
      auth: 'Bearer',
      secret,
      idempotencyKey: key,
    } as const;
    const failure = await caughtFailure(() => notifyHttp(dependencies(), { ...input, url: [`${server.url}/refused`] }));
    expect(failure).toMatchObject({ type: 'HttpRefused', message: 'the URL answered 400: bad token Bearer ***' });
  });

  test('that does not exist is named', async () => {
    const input = { namespace, channel: 'a', text: 'b', idempotencyKey: key, secret: { namespace, name: 'nothing' } };
    const failure = await caughtFailure(() => notifySlack(dependencies(), input));
    expect(failure).toMatchObject({ type: 'NotFound', message: 'Secret tasks/nothing does not exist' });
  });

  test('does not show in what a script prints', async () => {
    const owned = await ownTarget('scripted');
    const script = ['for i in 1 2 3 4 5 6 7 8 9; do echo $i; done >&2; echo "', { secret: 'token' }, '" >&2; exit 3'];
    const input = { ...owned, script, secret: { namespace, name: 'keys' }, limitMs: 20_000 };
    const environment = { PATH: process.env['PATH'] ?? '' };
    const run = (...allowedCommands: string[]) =>
      runScript({ cluster, allowedCommands, environment, bounds: defaultBounds }, input);
    expect(await caughtFailure(() => run('bash'))).toMatchObject({
      type: 'CommandFailed',
      message: 'bash failed with exit code 3: 1\n2\n3\n4\n5\n6\n7\n8\n9\n***',
    });
    expect(await caughtFailure(() => run('helm'))).toMatchObject({ type: 'CommandNotAllowed' });
  });
});

test('a script may be longer than an argument of a program', async () => {
  const owned = await ownTarget('long-script');
  const script = [`: ${'x'.repeat(200 * 1024)}\necho done`];
  const environment = { PATH: process.env['PATH'] ?? '' };
  const dependencies = { cluster, allowedCommands: ['bash'], environment, bounds: defaultBounds };
  expect(await asActivity(() => runScript(dependencies, { ...owned, script, limitMs: 20_000 }))).toEqual({
    output: 'done',
  });
});

/** A target of the namespace, held by a run. */
async function ownTarget(name: string) {
  const { client } = await testCluster();
  const { address, namespace: temporalNamespace } = sandbox.temporal;
  const owned = {
    namespace,
    target: { namespace, name },
    holder: { temporalAddress: address, temporalNamespace, workflowId: 'w', firstRunId: name },
  };
  const temporal = { client, address, namespace: temporalNamespace };
  await asActivity(() => acquireTarget({ cluster, own: accounts.own, temporal }, owned));
  return owned;
}

test('a server whose certificate nobody vouches for is not talked to', async () => {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(sandbox.kubeconfig);
  const url = `${kubeConfig.getCurrentCluster()?.server}/healthz`;
  const request = {
    url,
    method: 'GET',
    limitMs: 5_000,
    signal: new AbortController().signal,
    allowedHosts: ['*'],
  } as const;
  expect(await caughtFailure(() => requestText(request))).toMatchObject({
    type: 'HttpUnavailable',
    message: expect.stringMatching(/certificate/),
  });
});
