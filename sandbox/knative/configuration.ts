import type { KubernetesObject } from '@kubernetes/client-node';

/** The extension points that Knative itself defines and that this sandbox fills: `sandbox/node` and `sandbox/gateway`. */
export const autoscalerClass = 'sandbox.serin.dev';
export const ingressClass = 'gateway.sandbox.serin.dev';

/** Registries whose tags are taken as they are, without asking them for digests. */
const unresolvedRegistries = ['gcr.io', 'ghcr.io', 'quay.io', 'docker.io', 'index.docker.io', 'registry.example.com'];

/** What the sandbox sets in Knative's configuration, by config map. */
const settings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'config-autoscaler': { 'pod-autoscaler-class': autoscalerClass },
  'config-deployment': {
    'queue-sidecar-image': 'gcr.io/knative-releases/queue',
    'registries-skipping-tag-resolving': unresolvedRegistries.join(','),
    // How long a revision may take to become ready before Knative calls it failed.
    'progress-deadline': '120s',
  },
  'config-domain': { 'example.com': '' },
  // What the webhook changes in an object goes into its log otherwise, whole.
  'config-logging': { 'loglevel.controller': 'warn', 'loglevel.webhook': 'warn' },
  'config-network': { 'ingress-class': ingressClass },
  // Two of Knative's programs would want the same port.
  'config-observability': { 'metrics.backend-destination': 'none' },
};

/** Knative's manifest with the sandbox's settings put in. */
export function configured(object: KubernetesObject, webhookPort: number): KubernetesObject {
  if (object.kind === 'ConfigMap') return withSettings(object);
  if (object.kind?.endsWith('WebhookConfiguration') === true) return withPort(object, webhookPort);
  return object;
}

function withSettings(map: KubernetesObject & { data?: Record<string, string> }): KubernetesObject {
  return Object.assign(map, { data: { ...map.data, ...settings[map.metadata?.name ?? ''] } });
}

interface Webhook {
  readonly clientConfig: { readonly service: object };
}

function withPort(configuration: KubernetesObject & { webhooks?: readonly Webhook[] }, port: number): KubernetesObject {
  const webhooks = configuration.webhooks?.map((webhook) => ({
    ...webhook,
    clientConfig: { service: { ...webhook.clientConfig.service, port } },
  }));
  return Object.assign(configuration, { webhooks });
}
