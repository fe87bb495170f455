import type { Base } from './base.ts';
import type { SandboxCluster } from './cluster/client.ts';
import type { FaultBoard } from './faults/fault.ts';
import { startGateway } from './gateway/gateway.ts';
import { runIngressAgent } from './gateway/ingress-agent.ts';
import type { RequestRecorder } from './metrics/recorder.ts';
import { runAutoscaler } from './node/autoscaler.ts';
import { runNode } from './node/node.ts';

export interface Traffic {
  readonly gatewayUrl: string;
  readonly stop: () => Promise<void>;
}

/** Starts what takes the place of nodes and network: node, autoscaler and ingress gateway. */
export async function startTraffic(
  base: Base,
  cluster: SandboxCluster,
  parts: { faults: FaultBoard; recorder: RequestRecorder },
): Promise<Traffic> {
  const ingress = runIngressAgent(cluster);
  const autoscaler = runAutoscaler(cluster);
  const gateway = await startGateway({
    routes: () => ingress.routes(),
    readyPorts: (revision) => node.readyPorts(revision),
  });
  const node = runNode({ base, cluster, gatewayUrl: gateway.url, ...parts });
  return {
    gatewayUrl: gateway.url,
    stop: async () => {
      await Promise.all([ingress.stop(), autoscaler.stop(), node.stop(), gateway.close()]);
    },
  };
}
