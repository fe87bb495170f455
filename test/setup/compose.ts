import type { TestProject } from 'vitest/node';
import { findEngine } from '../../deploy/image/engine.ts';
import { makeComposeImages } from '../compose/images.ts';
import { findPodmanCompose, preparePodman } from '../compose/podman.ts';
import { findComposePrograms } from '../compose/programs.ts';
import { buildProductImage } from './image.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of Podman Compose. */
    readonly podmanCompose: string;
  }
}

/** Makes the images that docker-compose.yml names. */
export async function setup({ provide }: TestProject): Promise<void> {
  if ((await findEngine()) !== 'podman') throw new Error('expected podman to run docker-compose.yml with, got none');
  const programs = await findComposePrograms();
  // Inherited by podman wherever it is called from here on.
  Object.assign(process.env, await preparePodman());
  await makeComposeImages(programs);
  await buildProductImage('podman');
  provide('podmanCompose', await findPodmanCompose());
}
