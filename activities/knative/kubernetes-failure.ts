import { ApplicationFailure } from '@temporalio/common';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { FailureTypeName } from '../../core/failures.ts';
import { readRefusal } from '../../kubernetes/api-answer.ts';
import type { Refusal, RefusalKind } from '../../kubernetes/api-answer.ts';
import { grantRemedy } from '../../kubernetes/rights.ts';
import { failure, innermostMessage } from '../failures.ts';

/** A call to the Kubernetes API, for messages: `cannot patch services.serving.knative.dev default/sample-app`. */
export interface KubernetesCall {
  readonly verb: string;
  readonly resource: string;
  readonly name: ObjectName;
  /** As whom it was made; undefined: as serin itself. */
  readonly user: string | undefined;
}

const failureTypeNames: Readonly<Record<RefusalKind, FailureTypeName>> = {
  denied: 'Forbidden',
  notFound: 'NotFound',
  unserved: 'KubernetesUnavailable',
  conflict: 'Conflict',
  busy: 'KubernetesUnavailable',
  invalid: 'Invalid',
};

/** The failure of a call, by a type of `core/failures.ts`, with what to do about it; an `ApplicationFailure` stays as it is. */
export function toApplicationFailure(error: unknown, call: KubernetesCall): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const { verb, resource } = call;
  const object = formatObjectName(call.name);
  const what = `cannot ${verb} ${resource} ${object}`;
  const refusal = readRefusal(error);
  if (refusal === undefined) {
    return failure('KubernetesUnavailable', { message: `${what}: ${innermostMessage(error)}`, cause: error });
  }
  // The exception itself carries headers and bodies, which do not belong into a workflow's history.
  const details = [{ verb, resource, object, code: refusal.code }];
  return failure(failureTypeNames[refusal.kind], { message: `${what}: ${explain(refusal, call)}`, details });
}

function explain({ kind, reason }: Refusal, call: KubernetesCall): string {
  if (kind === 'denied') return `${reason}; ${remedyOfDenial(reason, call)}`;
  if (kind === 'unserved') return `the API server does not serve such objects (${reason}); is Knative installed?`;
  return reason;
}

function remedyOfDenial(reason: string, { verb, resource, name, user }: KubernetesCall): string {
  if (reason.includes('cannot impersonate')) {
    return `serin acts as ${user ?? 'itself'} and lacks the right to: kubectl apply -f deploy/rbac.yaml`;
  }
  return grantRemedy(user, { verb, resource, namespace: name.namespace });
}
