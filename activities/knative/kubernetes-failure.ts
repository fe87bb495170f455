import { parseJson } from '../../core/text/json.ts';
import { ApiException } from '@kubernetes/client-node';
import { ApplicationFailure } from '@temporalio/common';
import { failure, innermostMessage } from '../failures.ts';

/** A call to the Kubernetes API, for messages: `cannot patch services.serving.knative.dev default/sample-app`. */
export interface KubernetesCall {
  readonly verb: string;
  readonly resource: string;
  readonly object: string;
}

/** Throws what a failed call means to a retry policy and to people. */
export function throwKubernetesFailure(error: unknown, call: KubernetesCall): never {
  const what = `cannot ${call.verb} ${call.resource} ${call.object}`;
  if (error instanceof ApplicationFailure) throw error;
  if (!(error instanceof ApiException)) {
    throw failure('KubernetesUnavailable', { message: `${what}: ${innermostMessage(error)}`, cause: error });
  }
  const { code } = error;
  const said = messageIn(error.body) ?? `HTTP ${code}`;
  const details = [{ ...call, code }];
  // The exception itself carries headers and bodies, which do not belong into a workflow's history.
  if (code === 403 || code === 401) {
    const remedy = `grant the worker the right "${call.verb}" on ${call.resource}`;
    throw failure('Forbidden', { message: `${what}: ${said}; ${remedy}`, details });
  }
  if (code === 404 && isNotFound(error)) throw failure('NotFound', { message: `${what}: ${said}`, details });
  if (code === 404) {
    const message = `${what}: the API server does not serve such objects (${said}); is Knative installed?`;
    throw failure('KubernetesUnavailable', { message, details });
  }
  if (code === 409) throw failure('Conflict', { message: `${what}: ${said}`, details });
  if (code === 429 || code >= 500) throw failure('KubernetesUnavailable', { message: `${what}: ${said}`, details });
  throw failure('Invalid', { message: `${what}: ${said}`, details });
}

/**
 * Whether the API server says that this object does not exist. Without a name in its answer it only says that it does
 * not serve such objects, which is so while it starts.
 */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof ApiException) || error.code !== 404) return false;
  const details = parseStatus(error.body)?.details;
  return typeof details === 'object' && details !== null && 'name' in details;
}

/** Whether the API server says that it serves no such kind, which is also so while it starts. */
export function isUnserved(error: unknown): boolean {
  return error instanceof ApiException && error.code === 404 && !isNotFound(error);
}

export function isDenied(error: unknown): boolean {
  return error instanceof ApiException && (error.code === 401 || error.code === 403);
}

/** The API's Status object, which comes as text or parsed. */
function parseStatus(body: unknown): { readonly message?: unknown; readonly details?: unknown } | undefined {
  const status = typeof body === 'string' ? parseJson(body) : body;
  return typeof status === 'object' && status !== null ? status : undefined;
}

function messageIn(body: unknown): string | undefined {
  const message = parseStatus(body)?.message;
  return typeof message === 'string' ? message : undefined;
}
