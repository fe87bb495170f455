import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { makeActions } from './actions.ts';
import { makeBase } from './base.ts';
import { postControlRequest } from './control/client.ts';
import type { OutageAction, OutagePart } from './control/request.ts';
import { serveControl } from './control/server.ts';
import type { Outage } from './processes/service.ts';
import { startSupervision } from './processes/supervision.ts';
import type { Sandbox, SandboxAddresses } from './sandbox.ts';

/** A running sandbox as other processes of this machine know it; safe to send as JSON. */
export interface SandboxReference extends SandboxAddresses {
  /** Where faults and outages are set. */
  readonly controlUrl: string;
}

/** Lets other processes use the sandbox until `close` is called. */
export async function shareSandbox(
  sandbox: Sandbox,
): Promise<{ readonly reference: SandboxReference; readonly close: () => Promise<void> }> {
  const { kubeconfig, workerKubeconfig, operatorKubeconfig, serverKubeconfig, temporal, prometheus, gateway } = sandbox;
  const { chartRepository, tools, stateDirectory } = sandbox;
  const { url: controlUrl, close } = await serveControl(sandbox);
  const accounts = { kubeconfig, workerKubeconfig, operatorKubeconfig, serverKubeconfig };
  const parts = { temporal, prometheus, gateway, chartRepository };
  return { reference: { ...accounts, ...parts, tools, stateDirectory, controlUrl }, close };
}

/**
 * A sandbox that another process has started. What is run through this connection ends with this process, however it ends;
 * `stop` ends that, and leaves the sandbox alone.
 */
export async function connectSandbox({ controlUrl, ...addresses }: SandboxReference): Promise<Sandbox> {
  const stateDirectory = await mkdtemp(join(addresses.stateDirectory, 'connection-'));
  await mkdir(join(stateDirectory, 'logs'));
  const supervision = startSupervision(stateDirectory);
  const outage = (part: OutagePart) => remoteOutage(controlUrl, part);
  return {
    ...addresses,
    ...makeActions(makeBase({ supervision, stateDirectory, tools: addresses.tools }), addresses),
    outages: { apiServer: outage('api-server'), prometheus: outage('prometheus'), temporal: outage('temporal') },
    setFaults: (revision, faults) => postControlRequest(controlUrl, { kind: 'faults', revision, faults }),
    stop: () => supervision.stop(),
  };
}

function remoteOutage(controlUrl: string, part: OutagePart): Outage {
  const send = (action: OutageAction) => () => postControlRequest(controlUrl, { kind: 'outage', part, action });
  return { start: send('start'), stop: send('stop'), kill: send('kill'), freeze: send('freeze'), thaw: send('thaw') };
}
