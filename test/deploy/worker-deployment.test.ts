import { readFileSync } from 'node:fs';
import { load, loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { readWorkerConfig } from '../../formats/worker/read-settings.ts';

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly object[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: { readonly httpGet: { readonly port: string } };
  readonly livenessProbe: { readonly httpGet: { readonly port: string } };
}

interface Manifest {
  readonly kind: string;
  /** Of a ConfigMap. */
  readonly data: Readonly<Record<string, string>>;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly workerOptions: { readonly connectionRef: { readonly name: string } };
    /** Of a NetworkPolicy. */
    readonly podSelector: object;
    readonly ingress: readonly object[];
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly [Container];
        readonly volumes: readonly object[];
      };
    };
  };
}

/** Files of ours, whose form these tests state. */
function readManifests(path: string): readonly Manifest[] {
  return loadAll(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as readonly Manifest[];
}

function requireKind(path: string, kind: string): Manifest {
  return readManifests(path).find((manifest) => manifest.kind === kind) ?? expect.fail(`${path} has no ${kind}`);
}

describe("the manifest for Temporal's worker controller", () => {
  const path = 'deploy/worker-deployment.yaml';
  const connection = requireKind(path, 'Connection');
  const { metadata, spec } = requireKind(path, 'WorkerDeployment');
  const [worker] = spec.template.spec.containers;

  test('uses the connection beside it', () => {
    expect(connection.metadata.namespace).toBe(metadata.namespace);
    expect(spec.workerOptions.connectionRef.name).toBe(connection.metadata.name);
  });

  test('runs as the account to which deploy/rbac.yaml gives its rights', () => {
    const account = requireKind('deploy/rbac.yaml', 'ServiceAccount');
    expect(account.metadata).toMatchObject({
      name: spec.template.spec.serviceAccountName,
      namespace: metadata.namespace,
    });
  });

  test('has settings that a worker takes, and none that the controller sets itself', () => {
    const environment = Object.fromEntries(worker.env.map(({ name, value }) => [name, value]));
    expect(readWorkerConfig(environment, () => Buffer.of())).toMatchObject({
      kind: 'settings',
      settings: { healthAddress: { port: portOf('health') }, metricsAddress: { port: portOf('metrics') } },
    });
    expect(Object.keys(environment).filter((name) => name.startsWith('TEMPORAL_'))).toEqual([]);
  });

  test('has a kubeconfig, without which helm and kubectl would act as the account of the pod', () => {
    const { data } = requireKind(path, 'ConfigMap');
    expect(worker.env).toContainEqual({ name: 'KUBECONFIG', value: '/etc/serin/cluster/kubeconfig' });
    expect(worker.volumeMounts).toContainEqual({ name: 'cluster', mountPath: '/etc/serin/cluster', readOnly: true });
    expect(spec.template.spec.volumes).toContainEqual({
      name: 'cluster',
      configMap: { name: 'serin-worker-cluster' },
    });
    expect(load(data['kubeconfig'] ?? '')).toMatchObject({
      users: [{ user: { tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' } }],
    });
  });

  test('has a NetworkPolicy for its pods', () => {
    const { spec: policy } = requireKind(path, 'NetworkPolicy');
    expect(policy.podSelector).toEqual({ matchLabels: spec.template.metadata.labels });
    expect(policy.ingress).toEqual([{ ports: [{ port: portOf('health') }, { port: portOf('metrics') }] }]);
  });

  test('probes the port on which the worker serves its health', () => {
    expect([worker.readinessProbe.httpGet.port, worker.livenessProbe.httpGet.port]).toEqual(['health', 'health']);
  });

  function portOf(name: string): number | undefined {
    return worker.ports.find((port) => port.name === name)?.containerPort;
  }
});
