import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';

const run = promisify(execFile);
const namespace = 'worker-account';
const account = `system:serviceaccount:${namespace}:serin`;
let sandbox: Sandbox;
let target: SampleTarget;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
  target = await sandbox.deploySample({ name: 'shop', namespace, consent: 'withoutSecrets' });
});

/** Runs a tool with the rights of the worker's service account; returns both its outputs. */
async function asWorker(tool: 'kubectl' | 'helm', ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: sandbox.workerKubeconfig };
  const { stdout, stderr } = await run(sandbox.tools[tool], args, { env });
  return stdout + stderr;
}

/** `yes` or `no`. */
async function canWorker(...question: readonly string[]): Promise<string> {
  const answer = await asWorker('kubectl', 'auth', 'can-i', ...question).catch(
    (error: { stdout: string }) => error.stdout,
  );
  return answer.trim();
}

describe("the worker's service account", () => {
  test.each([
    ['impersonate', 'serviceaccounts/serin'],
    ['get', 'experiments.iter8.tools'],
    ['get', 'experiments.serin.dev'],
  ])('may %s %s', async (verb, resource) => {
    expect(await canWorker(verb, resource, '-n', namespace)).toMatch(/^yes\b/);
  });

  test.each([
    ['impersonate', 'serviceaccounts/default'],
    ['impersonate', 'users/admin'],
    ['impersonate', 'groups/system:masters'],
    ['get', 'services.serving.knative.dev'],
    ['patch', 'services.serving.knative.dev'],
    ['get', 'secrets'],
    ['create', 'leases.coordination.k8s.io'],
    ['get', 'metrics.iter8.tools'],
    ['list', 'experiments.iter8.tools'],
    ['create', 'rolebindings.rbac.authorization.k8s.io'],
    ['*', '*'],
  ])('may not %s %s', async (verb, resource) => {
    expect(await canWorker(verb, resource, '-n', namespace)).toMatch(/^no\b/);
  });

  test.each(['system:serviceaccount:kube-system:default', 'admin', 'system:serviceaccount:worker-account:default'])(
    'is refused as %s',
    async (other) => {
      await expect(asWorker('kubectl', 'get', 'secrets', '-n', namespace, `--as=${other}`)).rejects.toThrow(
        'cannot impersonate',
      );
    },
  );

  test("is refused as the namespace's account with groups of its own choice", async () => {
    const asMaster = ['get', 'secrets', '-n', namespace, `--as=${account}`, '--as-group=system:masters'];
    await expect(asWorker('kubectl', ...asMaster)).rejects.toThrow('cannot impersonate');
  });
});

describe('as the account of a namespace', () => {
  test.each([
    ['patch', 'services.serving.knative.dev'],
    ['get', 'revisions.serving.knative.dev'],
    ['update', 'leases.coordination.k8s.io'],
    ['create', 'selfsubjectaccessreviews.authorization.k8s.io'],
    ['create', 'selfsubjectrulesreviews.authorization.k8s.io'],
  ])('it may %s %s there', async (verb, resource) => {
    expect(await canWorker(verb, resource, '-n', namespace, `--as=${account}`)).toMatch(/^yes\b/);
  });

  test.each([
    ['delete', 'services.serving.knative.dev', namespace],
    ['list', 'pods', namespace],
    ['get', 'services.serving.knative.dev', 'default'],
    ['create', 'leases.coordination.k8s.io', 'default'],
  ])('it may not %s %s in namespace %s', async (verb, resource, where) => {
    expect(await canWorker(verb, resource, '-n', where, `--as=${account}`)).toMatch(/^no\b/);
  });

  test('it cannot promote with Helm until the namespace lets it keep releases, as step 3 of the tutorial does', async () => {
    const place = ['-n', namespace, `--kube-as-user=${account}`];
    const promote = () =>
      asWorker('helm', 'upgrade', 'shop', target.chartUrl, ...place, '--values', target.valuesUrls.candidate);
    await expect(promote()).rejects.toThrow('secrets is forbidden');
    const binding = `${sandbox.chartRepository.url}/targets/${namespace}/shop/helm-secret.yaml`;
    await sandbox.kubectl('apply', '-f', binding);
    expect(await promote()).toContain('Release "shop" has been upgraded');
    expect(await canWorker('list', 'secrets', '-n', 'default', `--as=${account}`)).toMatch(/^no\b/);
  });
});
