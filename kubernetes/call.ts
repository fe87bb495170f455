import { readRefusal } from './api-answer.ts';
import type { RefusalKind } from './api-answer.ts';
import { KubernetesFailure } from './failure.ts';
import type { KubernetesFailureKind } from './failure.ts';

/** Awaits an answer; a failure becomes a `KubernetesFailure` with the message `cannot <what>: <reason>`. */
export async function call<T>(what: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw toKubernetesFailure(what, error);
  });
}

const failureKinds: Readonly<Record<RefusalKind, KubernetesFailureKind>> = {
  denied: 'failed',
  notFound: 'notFound',
  unserved: 'notFound',
  conflict: 'refused',
  busy: 'busy',
  invalid: 'failed',
};

function toKubernetesFailure(what: string, error: unknown): KubernetesFailure {
  const refusal = readRefusal(error);
  if (refusal === undefined) {
    const message = `cannot ${what}: Kubernetes does not answer: ${messageWithCause(error)}`;
    return new KubernetesFailure('unreachable', message, { cause: error });
  }
  const { kind, reason } = refusal;
  const why = kind === 'conflict' ? `somebody changed it meanwhile; run the command again (${reason})` : reason;
  return new KubernetesFailure(failureKinds[kind], `cannot ${what}: ${why}`, { cause: error });
}

/** The message of an error with that of its cause, where the client keeps the reason. */
export function messageWithCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
