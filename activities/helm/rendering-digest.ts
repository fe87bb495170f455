import { createHash } from 'node:crypto';
import type { Experiment, Version } from '../../core/experiment/experiment.ts';
import type { Helm } from './helm.ts';
import { helmUpgrades } from './render-tasks.ts';
import { upgradedRelease } from './run-helm.ts';

/** The SHA-256, hexadecimal, of the manifests that the helm finish actions would deploy for the winner. */
export async function renderingDigest(helm: Helm, experiment: Experiment, winner: Version): Promise<string> {
  const hash = createHash('sha256');
  for (const { upgrade } of helmUpgrades(experiment, winner).upgrades) {
    const { namespace } = upgradedRelease(upgrade, experiment);
    const { manifest } = await helm.render(upgrade, { namespace });
    hash.update(manifest);
  }
  return hash.digest('hex');
}
