import type { ManifestInput } from '../contract/workflow.ts';

/** Present in Temporal's sandbox, but not among the types of the language itself. */
declare const TextDecoder: new () => { decode(bytes: ArrayBufferView): string };

/** Bytes become text, so that the Web UI shows the manifest in the input of the activity that reads it. */
export function readableManifest(manifest: ManifestInput): string | object {
  // Bytes come from outside the sandbox, where `instanceof Uint8Array` would compare with another class.
  return ArrayBuffer.isView(manifest) ? new TextDecoder().decode(manifest) : manifest;
}
