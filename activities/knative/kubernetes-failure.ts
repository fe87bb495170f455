import { ApiException } from '@kubernetes/client-node';
import { CancelledFailure } from '@temporalio/common';
import { failure, messageOf } from '../failures.ts';

/** A call to the Kubernetes API, for messages: `cannot patch services.serving.knative.dev default/sample-app`. */
export interface KubernetesCall {
  readonly verb: string;
  readonly resource: string;
  readonly object: string;
}

/** Throws what a failed call means to a retry policy and to people; cancellation passes through. */
export function throwKubernetesFailure(error: unknown, call: KubernetesCall): never {
  if (error instanceof CancelledFailure) throw error;
  const what = `cannot ${call.verb} ${call.resource} ${call.object}`;
  if (!(error instanceof ApiException)) {
    throw failure('KubernetesUnavailable', { message: `${what}: ${messageOf(error)}`, cause: error });
  }
  const { code } = error;
  const said = statusMessage(error.body) ?? `HTTP ${code}`;
  const details = [{ ...call, code }];
  // The exception itself carries headers and bodies, which do not belong into a workflow's history.
  if (code === 403 || code === 401) {
    const remedy = `grant the worker the right "${call.verb}" on ${call.resource}`;
    throw failure('Forbidden', { message: `${what}: ${said}; ${remedy}`, details });
  }
  if (code === 404) throw failure('NotFound', { message: `${what}: ${said}`, details });
  if (code === 409) throw failure('Conflict', { message: `${what}: ${said}`, details });
  if (code === 429 || code >= 500) throw failure('KubernetesUnavailable', { message: `${what}: ${said}`, details });
  throw failure('Invalid', { message: `${what}: ${said}`, details });
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiException && error.code === 404;
}

/** The `message` of the API's Status object, which comes as text or parsed. */
function statusMessage(body: unknown): string | undefined {
  const status = typeof body === 'string' ? parseJson(body) : body;
  if (typeof status !== 'object' || status === null || !('message' in status)) return undefined;
  return typeof status.message === 'string' ? status.message : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
