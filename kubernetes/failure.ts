/**
 * Why a call to the Kubernetes API did not do what was asked. `usage`: the kubeconfig cannot be used; `notFound`: no such
 * object; `refused`: somebody else changed it meanwhile; `unreachable`: no answer; `busy`: the server cannot do it at
 * present; `failed`: anything else.
 */
export type KubernetesFailureKind = 'usage' | 'notFound' | 'refused' | 'unreachable' | 'busy' | 'failed';

/** A failure in one clear sentence that names the object. */
export class KubernetesFailure extends Error {
  readonly kind: KubernetesFailureKind;

  constructor(kind: KubernetesFailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KubernetesFailure';
    this.kind = kind;
  }
}
