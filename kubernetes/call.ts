import { ApiException } from '@kubernetes/client-node';
import { KubernetesFailure } from './failure.ts';

/** Waits for an answer; a failure becomes a `KubernetesFailure` that says what could not be done. */
export async function call<T>(what: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw toKubernetesFailure(what, error);
  });
}

function toKubernetesFailure(what: string, error: unknown): KubernetesFailure {
  if (!(error instanceof ApiException)) {
    return new KubernetesFailure(
      'unreachable',
      `cannot ${what}: Kubernetes does not answer: ${messageWithCause(error)}`,
      {
        cause: error,
      },
    );
  }
  const said = statusMessage(error.body) ?? `HTTP ${error.code}`;
  if (error.code === 404) return new KubernetesFailure('notFound', `cannot ${what}: ${said}`, { cause: error });
  if (error.code === 409) {
    return new KubernetesFailure(
      'refused',
      `cannot ${what}: somebody changed it meanwhile; run the command again (${said})`,
    );
  }
  const kind = error.code === 429 || error.code >= 500 ? 'busy' : 'failed';
  return new KubernetesFailure(kind, `cannot ${what}: ${said}`, { cause: error });
}

/** The `message` of the API's Status object, which comes as text or parsed. */
function statusMessage(body: unknown): string | undefined {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '');
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status !== 'object' || status === null || !('message' in status)) return undefined;
    return typeof status.message === 'string' ? status.message : undefined;
  } catch {
    return undefined;
  }
}

/** What an error says, with its cause, where the client keeps the reason. */
export function messageWithCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
