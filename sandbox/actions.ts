import { join } from 'node:path';
import type { Base } from './base.ts';
import { connect } from './cluster/client.ts';
import { makeCommands } from './commands.ts';
import { sendLoad } from './load/fortio.ts';
import { sendRequest } from './load/get.ts';
import { deploySample } from './samples/deploy.ts';
import type { SandboxActions, SandboxAddresses } from './sandbox.ts';

/** Programs that are run belong to `base`, and write their logs and reports there. */
export function makeActions(base: Base, addresses: SandboxAddresses): SandboxActions {
  const { kubeconfig, gateway, chartRepository: repository, temporal } = addresses;
  const sampleTools = { cluster: connect(kubeconfig), helm: base.tools.helm, kubeconfig, repository };
  return {
    ...makeCommands(base.tools, { kubeconfig, temporalAddress: temporal.address }),
    deploySample: (request) => deploySample(sampleTools, request),
    sendLoad: (load) => sendLoad(base, gateway.url, load),
    get: (request) => sendRequest(gateway.url, request),
    run: (program) =>
      base.supervision.spawn({ ...program, logFile: join(base.stateDirectory, 'logs', `${program.name}.log`) }),
  };
}
