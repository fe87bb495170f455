import type { Base } from '../base.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { freePort } from '../processes/ports.ts';
import type { Service } from '../processes/service.ts';
import { installKnative } from './install.ts';
import { knativeController, knativeWebhook } from './programs.ts';
import { knativeIsServing } from './readiness.ts';

/** Installs Knative Serving and starts its programs; returns its controller when its webhook takes part in every change. */
export async function startKnative(base: Base, { cluster, kubeconfig }: ControlPlane): Promise<Service> {
  const webhookPort = await freePort();
  await installKnative(cluster, base.tools.knativeManifests, webhookPort);
  const [controller, webhook] = await Promise.all([
    knativeController(base, kubeconfig),
    knativeWebhook(base, kubeconfig, webhookPort),
  ]);
  await Promise.all([controller.start(), webhook.start()]);
  await knativeIsServing(cluster);
  return controller;
}
