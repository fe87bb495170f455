import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';

const run = promisify(execFile);
const namespace = 'worker-account';
let sandbox: Sandbox;
let target: SampleTarget;
beforeAll(async () => {
  ({ sandbox } = await testCluster());
  target = await sandbox.deploySample({ name: 'shop', namespace, bindSecrets: false });
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

function promote(): Promise<string> {
  return asWorker('helm', 'upgrade', 'shop', target.chartUrl, '-n', namespace, '--values', target.valuesUrls.candidate);
}

describe("the worker's service account", () => {
  test.each([
    ['patch', 'services.serving.knative.dev'],
    ['get', 'revisions.serving.knative.dev'],
    ['create', 'leases.coordination.k8s.io'],
    ['update', 'leases.coordination.k8s.io'],
    ['create', 'selfsubjectaccessreviews.authorization.k8s.io'],
  ])('may %s %s', async (verb, resource) => {
    expect(await canWorker(verb, resource, '-n', namespace)).toMatch(/^yes\b/);
  });

  test.each([
    ['get', 'secrets'],
    ['list', 'secrets'],
    ['list', 'pods'],
    ['create', 'deployments.apps'],
    ['delete', 'services.serving.knative.dev'],
    ['list', 'experiments.iter8.tools'],
    ['patch', 'revisions.serving.knative.dev'],
    ['create', 'rolebindings.rbac.authorization.k8s.io'],
    ['*', '*'],
  ])('may not %s %s', async (verb, resource) => {
    expect(await canWorker(verb, resource, '-n', namespace)).toMatch(/^no\b/);
  });

  test('cannot promote with Helm until the namespace lets it keep releases, as step 3 of the tutorial does', async () => {
    await expect(promote()).rejects.toThrow('secrets is forbidden');
    const binding = `${sandbox.chartRepository.url}/targets/${namespace}/shop/helm-secret.yaml`;
    await sandbox.kubectl('apply', '-f', binding);
    expect(await promote()).toContain('Release "shop" has been upgraded');
    expect(await canWorker('list', 'secrets', '-n', 'default')).toMatch(/^no\b/);
  });
});
