import { ApiException } from '@kubernetes/client-node';
import { isJsonObject, parseJson } from '../core/text/json.ts';
import type { JsonObject } from '../core/text/json.ts';

/**
 * Why the API server did not do what it was asked. `denied`: the account may not; `notFound`: this object does not exist;
 * `unserved`: no such kind of object is served, which is also so while the server starts; `conflict`: the object is no longer
 * the one that was given; `busy`: it cannot at present; `invalid`: the request itself is refused, for any account.
 */
export type RefusalKind = 'denied' | 'notFound' | 'unserved' | 'conflict' | 'busy' | 'invalid';

/** An answer of the API server other than what it was asked for. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** The HTTP status. */
  readonly code: number;
  /** In the API server's words. */
  readonly reason: string;
}

/** Reads the API server's refusal from an error of the client; undefined when the error is not an answer of the server. */
export function readRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof ApiException)) return undefined;
  const { code } = error;
  const { message, details } = parseStatus(error.body);
  return { kind: refusalKind(code, details), code, reason: typeof message === 'string' ? message : `HTTP ${code}` };
}

/** Whether the API server refused the request for one of these reasons. */
export function isRefusal(error: unknown, ...kinds: readonly RefusalKind[]): boolean {
  const refusal = readRefusal(error);
  return refusal !== undefined && kinds.includes(refusal.kind);
}

function refusalKind(code: number, details: unknown): RefusalKind {
  if (code === 401 || code === 403) return 'denied';
  // A 404 that names no object only says that the API server does not serve such objects.
  if (code === 404) return isJsonObject(details) && 'name' in details ? 'notFound' : 'unserved';
  if (code === 409) return 'conflict';
  return code === 429 || code >= 500 ? 'busy' : 'invalid';
}

/** The API's Status object, which comes as text or parsed. */
function parseStatus(body: unknown): JsonObject {
  const status = typeof body === 'string' ? parseJson(body) : body;
  return isJsonObject(status) ? status : {};
}
