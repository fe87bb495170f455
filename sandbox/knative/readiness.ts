import type { KubernetesObject } from '@kubernetes/client-node';
import type { SandboxCluster } from '../cluster/client.ts';
import { until } from '../processes/condition.ts';

const services = { group: 'serving.knative.dev', version: 'v1', plural: 'services', namespace: 'default' };

/** An object that passes both webhooks only when defaults were filled in and validity was checked. */
const trial = {
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Service',
  metadata: { name: 'trial', namespace: 'default' },
  spec: { template: { spec: { containers: [{ image: 'gcr.io/knative-samples/trial' }] } } },
};

interface Defaulted extends KubernetesObject {
  readonly spec?: { readonly template?: { readonly spec?: { readonly timeoutSeconds?: number } } };
}

/** Returns when Knative's webhook takes part in every change of a Knative Service. */
export async function knativeIsServing(cluster: SandboxCluster): Promise<void> {
  await until({ what: "Knative's webhook to answer", limitMs: 180_000, pollMs: 100 }, async () => {
    // The type of a custom resource is the caller's to know.
    const made = (await cluster.custom.createNamespacedCustomObject({
      ...services,
      body: trial,
      dryRun: 'All',
    })) as Defaulted;
    return made.spec?.template?.spec?.timeoutSeconds !== undefined;
  });
}
