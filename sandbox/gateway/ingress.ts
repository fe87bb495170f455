import type { KubernetesObject } from '@kubernetes/client-node';

/** The part of `networking.internal.knative.dev/v1alpha1` Ingress that this gateway serves. */
export interface Ingress extends KubernetesObject {
  readonly spec?: { readonly rules?: readonly IngressRule[] };
  readonly status?: { readonly observedGeneration?: number };
}

interface IngressRule {
  readonly hosts?: readonly string[];
  readonly http?: { readonly paths: readonly IngressPath[] };
}

export interface IngressPath {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, { readonly exact?: string }>>;
  readonly splits: readonly IngressSplit[];
  readonly appendHeaders?: Readonly<Record<string, string>>;
}

export interface IngressSplit {
  readonly serviceNamespace: string;
  readonly serviceName: string;
  readonly percent?: number;
  readonly appendHeaders?: Readonly<Record<string, string>>;
}

export const ingresses = { group: 'networking.internal.knative.dev', version: 'v1alpha1', plural: 'ingresses' };
