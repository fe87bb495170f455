import type { Base } from '../base.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';
import { systemNamespace } from './install.ts';

/** Knative Serving's controller: Services, Configurations, Revisions, Routes. */
export function knativeController(base: Base, kubeconfig: string): Promise<Service> {
  const command = base.tools.knativeController;
  // One replica; an election would only delay its return after an outage of the API server.
  return program(base, { name: 'knative-controller', command, kubeconfig, args: ['--disable-ha'], env: {} });
}

/** Knative Serving's webhook: fills in defaults and refuses what is not valid. */
export function knativeWebhook(base: Base, kubeconfig: string, port: number): Promise<Service> {
  const env = { WEBHOOK_NAME: 'webhook', WEBHOOK_PORT: String(port) };
  return program(base, { name: 'knative-webhook', command: base.tools.knativeWebhook, kubeconfig, args: [], env });
}

// Enough for many targets at once.
const knativeRates = ['--kube-api-qps=200', '--kube-api-burst=400'];

interface KnativeProgram {
  readonly name: string;
  readonly command: string;
  readonly kubeconfig: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function program(base: Base, { name, command, kubeconfig, args, env }: KnativeProgram): Promise<Service> {
  const common = {
    POD_NAME: name,
    SYSTEM_NAMESPACE: systemNamespace,
    CONFIG_LOGGING_NAME: 'config-logging',
    CONFIG_OBSERVABILITY_NAME: 'config-observability',
    METRICS_DOMAIN: 'knative.dev/internal/serving',
    PROFILING_PORT: String(await freePort()),
  };
  return new Service({
    supervision: base.supervision,
    program: base.program(name, command, [`--kubeconfig=${kubeconfig}`, ...knativeRates, ...args], {
      ...common,
      ...env,
    }),
    // Whether it works shows in the cluster only: see readiness.ts.
    isReady: async () => true,
    restarts: true,
  });
}
