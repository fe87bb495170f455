import type { Base } from '../base.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';

// Those that turn Deployments and Jobs into Pods, and those that clean up.
const controllers = [
  'clusterrole-aggregation-controller',
  'deployment-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'replicaset-controller',
  'serviceaccount-controller',
];

/** A kube-controller-manager with the controllers that Knative's objects need. */
export async function controllerManager(
  base: Base,
  kubeconfig: string,
  serviceAccountKeyFile: string,
): Promise<Service> {
  return new Service({
    supervision: base.supervision,
    program: base.program('kube-controller-manager', base.tools.kubeControllerManager, [
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${serviceAccountKeyFile}`,
      `--controllers=${controllers.join(',')}`,
      // Enough for many targets at once.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      // One replica; an election would only delay its return after an outage of the API server.
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${await freePort()}`,
      '--profiling=false',
    ]),
    // It serves nothing that others wait for; its work shows in the objects.
    isReady: async () => true,
    restarts: true,
  });
}
