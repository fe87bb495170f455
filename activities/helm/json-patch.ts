import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../core/text/json.ts';
import type { JsonObject } from '../../core/text/json.ts';

/** The JSON merge patch (RFC 7386) that turns one document into the other: what helm sends for a custom resource. */
export function createMergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (isDeepStrictEqual(old, value)) continue;
    patch[key] = isJsonObject(old) && isJsonObject(value) ? createMergePatch(old, value) : value;
  }
  return patch;
}
