import { KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { podAccountProblem } from '../../worker/pod-account.ts';

function ofPod(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster('/nowhere');
  return config;
}

test('a worker in a pod without a kubeconfig cannot act as the accounts of namespaces', () => {
  expect(podAccountProblem(ofPod(), 'serin')).toBe(
    'KUBECONFIG: expected a kubeconfig, as the chart in deploy/chart makes it, got none: in a pod without one, helm and kubectl cannot act as the account serin of a namespace',
  );
});

test('a worker in a pod without a kubeconfig may act as itself', () => {
  expect(podAccountProblem(ofPod(), undefined)).toBeUndefined();
});

test('a worker with a kubeconfig can act as the accounts of namespaces', () => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'cluster', server: 'https://cluster', skipTLSVerify: false }, { name: 'user' });
  expect(podAccountProblem(config, 'serin')).toBeUndefined();
});
