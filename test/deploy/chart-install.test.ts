import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approveSignal } from '../../contract/messages.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import type { TestCluster } from '../support/cluster.ts';
import { experimentsIn } from '../support/experiments.ts';
import { createAccount } from '../support/limited-account.ts';
import { manifestFor } from '../support/manifest.ts';
import { deployTarget, servedTraffic, underLoad } from '../support/scenario.ts';
import { newSigningKeys } from '../support/signing-keys.ts';
import { until } from '../support/until.ts';
import { chart, helm, served, serverOrigin, setting, valueSets } from './chart.ts';

const root = join(import.meta.dirname, '../..');
let sandbox: Sandbox;
let client: TestCluster['client'];

beforeAll(async () => {
  ({ sandbox, client } = await testCluster());
});

/** The release has taken over the roles that all others in the sandbox need, and its end has removed them. */
afterAll(async () => {
  await sandbox.kubectl('apply', '--server-side', '--force-conflicts', '--filename', join(root, 'deploy/rbac.yaml'));
});

/** Values for the sandbox: where its Temporal and Prometheus are, and that all of it is on loopback. */
function sandboxValues(taskQueue: string): readonly string[] {
  return [
    setting('temporal.address', sandbox.temporal.address),
    setting('settings.prometheusUrl', sandbox.prometheus.url),
    setting('settings.prometheusScrapeInterval', '500ms'),
    setting('settings.allowedHosts', ['127.0.0.1', 'localhost']),
    setting('settings.taskQueue', taskQueue),
    setting('worker.replicas', 1),
  ];
}

interface Release {
  readonly namespace: string;
  readonly values: string;
  /** Default: the administrator's. */
  readonly kubeconfig?: string;
}

/** Runs `helm upgrade --install` of the chart as release `canary`, and returns when its pods are ready. */
async function install({ namespace, values, kubeconfig = sandbox.kubeconfig }: Release, ...args: readonly string[]) {
  const place = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, '--wait', '--timeout=3m'];
  const given = [`--values=${valueSets.get(values)}`, ...sandboxValues(namespace)];
  return helm('upgrade', '--install', 'canary', chart, ...place, ...given, ...args);
}

/** The names of the pods that are there. */
async function listPods(namespace: string): Promise<readonly string[]> {
  const names = await sandbox.kubectl('get', 'pods', '--namespace', namespace, '--output=name');
  return names.split('\n').filter((name) => name !== '');
}

/** As docs/approvals.md says. */
async function createSigningKey(namespace: string): Promise<void> {
  const { privateKey, publicKey } = newSigningKeys();
  const metadata = { name: 'serin-signing-key', namespace };
  const stringData = { 'signing.pem': privateKey, 'verification.pem': publicKey };
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
}

/** What the server's pod, as its proxy reaches it, says to the account `default` of a namespace. */
async function readFacts(namespace: string, owner: string): Promise<unknown> {
  const selector = ['--selector=app.kubernetes.io/component=server', '--output=jsonpath={.items[0].status.podIP}'];
  const address = await sandbox.kubectl('get', 'pods', '--namespace', namespace, ...selector);
  const token = (await sandbox.kubectl('create', 'token', 'default', '--namespace', owner)).trim();
  // A name that is not of the page is refused, which `fetch` does not let be chosen.
  const headers = { host: new URL(serverOrigin).host, authorization: `Bearer ${token}` };
  const asked = request({ host: address, port: 8690, path: '/api/facts', headers }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return json(answer);
}

/** An iteration of a second, and a first step of 40 %. */
const quick = { weights: { maxCandidateWeightIncrement: 40 } };

/** Waits for a person before it is promoted, however long that takes: latencies would say more about the machine than about the candidate. */
const gated = {
  ...quick,
  objectives: [{ metric: 'error-rate', upperLimit: '0.01' }],
  annotations: { approval: 'required' },
};

describe("a platform's installation", () => {
  const release: Release = { namespace: 'chart-platform', values: 'platform' };
  const owned = 'chart-owner';

  test('promotes an Experiment by its pods, through an upgrade, and leaves the kinds and Experiments when it goes', async () => {
    const target = await deployTarget({ name: 'shop', namespace: owned });
    const experiments = await experimentsIn(owned);
    await sandbox.kubectl('create', 'namespace', release.namespace);
    await createSigningKey(release.namespace);
    const notes = await install(release, '--take-ownership', ...served);
    expect(notes).toContain('kubectl create serviceaccount serin --namespace default');
    const before = await listPods(release.namespace);
    expect(before).toHaveLength(3);
    expect(await readFacts(release.namespace, owned)).toMatchObject({ user: `system:serviceaccount:${owned}:default` });

    const { value: ended } = await underLoad(target, async () => {
      await experiments.apply(manifestFor(target, gated));
      const { status } = await experiments.untilRunning('shop');
      await install(release, ...served, setting('settings.logLevel', 'debug'));
      expect((await experiments.read('shop')).status?.stage).toBe('Running');
      // An approval that comes before the gate is open does not count.
      await until('the gate', async () => {
        return (await experiments.read('shop')).status?.serin.flags?.includes('awaiting approval');
      });
      await client.workflow.getHandle(status?.serin.workflowId ?? '').signal(approveSignal);
      return experiments.untilCondition('shop', 'Ready');
    });
    expect(ended.status?.serin.outcome).toBe('Promoted');
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    await until('the pods of before to have ended', async () => {
      const now = await listPods(release.namespace);
      return now.length === 3 && now.every((name) => !before.includes(name));
    });

    await helm('uninstall', 'canary', `--kubeconfig=${sandbox.kubeconfig}`, `--namespace=${release.namespace}`);
    await until('the pods to end', async () => (await listPods(release.namespace)).length === 0);
    expect((await experiments.read('shop')).status?.serin.outcome).toBe('Promoted');
  });
});

describe("a team's installation", () => {
  const namespace = 'chart-team';

  test('promotes an Experiment, installed by an account that has no rights beyond its namespace', async () => {
    const target = await deployTarget({ name: 'shop', namespace, consent: 'none' });
    const everything = { verb: '*', group: '*', resource: '*' };
    const { kubeconfig } = await createAccount(sandbox, { name: 'owner', namespace, rights: [everything] });
    await install({ namespace, values: 'team', kubeconfig });
    const experiments = await experimentsIn(namespace);
    const { value: ended } = await underLoad(target, async () => {
      await experiments.apply(manifestFor(target, { ...quick, iterations: 2 }));
      return experiments.untilCondition('shop', 'Ready');
    });
    expect(ended.status?.serin.outcome).toBe('Promoted');
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    await helm('uninstall', 'canary', `--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, '--wait');
    expect(await sandbox.kubectl('get', 'rolebindings', '--namespace', namespace, '--output=name')).not.toContain(
      'serin',
    );
  });
});
