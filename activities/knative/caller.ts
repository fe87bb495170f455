import { Health } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import { cancellationSignal } from '@temporalio/activity';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import { actAsItself, actingUser } from '../../kubernetes/account.ts';
import { isRefusal } from '../../kubernetes/api-answer.ts';
import { failure } from '../failures.ts';
import { toApplicationFailure } from './kubernetes-failure.ts';
import { requestSignal } from './request-options.ts';

interface RequestTarget {
  readonly resource: string;
  readonly name: ObjectName;
}

/** Makes requests to the API server; their failures have a type of `core/failures.ts`. */
export interface KubernetesCaller {
  readonly call: <T>(request: () => Promise<T>, target: RequestTarget & { readonly verb: string }) => Promise<T>;
  /** Answers undefined where the object does not exist. */
  readonly read: <T>(request: () => Promise<T>, target: RequestTarget) => Promise<T | undefined>;
  /** Whether the API server reports that it is ready (`/readyz`). */
  readonly isReady: () => Promise<boolean>;
}

/** Makes requests that end with the running activity, to the API server of the kubeconfig's current context. */
export function createCaller(kubeConfig: KubeConfig): KubernetesCaller {
  const user = actingUser(kubeConfig);
  // Whoever may not act as another would be refused that question too, and so never learn that the server is ready.
  const health = new Health(actAsItself(kubeConfig));
  const isReady = () => health.readyz({ signal: requestSignal() }).catch(() => false);
  const call: KubernetesCaller['call'] = (request, target) =>
    askTwice(request, isReady).catch((error: unknown) => {
      // A cancellation stays one, however the client has wrapped it.
      cancellationSignal().throwIfAborted();
      throw toApplicationFailure(error, { ...target, user });
    });
  return { call, read: (request, target) => call(() => request().catch(absent), { verb: 'get', ...target }), isReady };
}

/**
 * Makes a request, and again when it was denied: an API server that has just started denies everything until it knows its
 * roles, so a denial counts only when the server repeats it once it is ready.
 */
async function askTwice<T>(request: () => Promise<T>, isReady: () => Promise<boolean>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (!isRefusal(error, 'denied')) throw error;
    if (!(await isReady())) throw notReadyYet();
    return request();
  }
}

function notReadyYet(): Error {
  return failure('KubernetesUnavailable', { message: 'the API server is not ready yet and denies everything' });
}

function absent(error: unknown): undefined {
  if (!isRefusal(error, 'notFound')) throw error;
}
