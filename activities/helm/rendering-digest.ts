import { createHash } from 'node:crypto';
import type { ReleaseContent } from './release-content.ts';

/** The SHA-256, hexadecimal, of the manifests and hooks that the helm finish actions would deploy for a winner. */
export function renderingDigest(contents: readonly ReleaseContent[]): string {
  const hash = createHash('sha256');
  for (const { manifest, hooks } of contents) {
    hash.update(manifest);
    // A chart without hooks has the digest that it had before hooks were counted.
    if (hooks.length > 0) hash.update(JSON.stringify(hooks));
  }
  return hash.digest('hex');
}
