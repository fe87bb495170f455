import { AuthorizationV1Api } from '@kubernetes/client-node';
import type { KubeConfig, V1ResourceRule } from '@kubernetes/client-node';
import type { AccessRight } from '../../kubernetes/access-right.ts';
import type { RequestOptions } from '../../kubernetes/request-options.ts';
import { hasType } from '../failures.ts';
import type { KubernetesCaller } from './caller.ts';

/** How long the rules of a namespace are used: the rights of one preflight are asked for one by one. */
const rulesLifeMs = 2_000;

export interface RightsConnection {
  readonly kubeConfig: KubeConfig;
  readonly options: RequestOptions;
  readonly caller: Pick<KubernetesCaller, 'call'>;
}

interface Rules {
  readonly askedAtMs: number;
  readonly rules: Promise<readonly V1ResourceRule[]>;
}

/**
 * Creates the check of a right of the kubeconfig's user. All rights of a namespace are asked for at once; a right that they do not show
 * is asked for by itself, since not every authorizer lists its rules.
 */
export function createRightsCheck({ kubeConfig, options, caller: { call } }: RightsConnection) {
  const authorization = kubeConfig.makeApiClient(AuthorizationV1Api);
  const known = new Map<string, Rules>();

  function readRules(namespace: string): Promise<readonly V1ResourceRule[]> {
    const found = known.get(namespace);
    if (found !== undefined && performance.now() - found.askedAtMs < rulesLifeMs) return found.rules;
    const rules = askForRules(namespace);
    known.set(namespace, { askedAtMs: performance.now(), rules });
    return rules;
  }

  async function askForRules(namespace: string): Promise<readonly V1ResourceRule[]> {
    const review = () => authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } }, options());
    const name = { namespace, name: 'rules' };
    try {
      const { status } = await call(review, { verb: 'create', resource: 'selfsubjectrulesreviews', name });
      return status?.resourceRules ?? [];
    } catch (error) {
      if (hasType(error, 'Forbidden')) return [];
      known.delete(namespace);
      throw error;
    }
  }

  async function ask({ verb, group, resource, namespace }: AccessRight): Promise<boolean> {
    const body = { spec: { resourceAttributes: { verb, group, resource, namespace } } };
    const review = () => authorization.createSelfSubjectAccessReview({ body }, options());
    const name = { namespace, name: resource };
    const { status } = await call(review, { verb: 'create', resource: 'selfsubjectaccessreviews', name });
    return status?.allowed === true;
  }

  return async (right: AccessRight): Promise<boolean> => {
    // Rules are those of one namespace.
    const rules = right.namespace === '' ? [] : await readRules(right.namespace);
    return rules.some((rule) => allowsRight(rule, right)) || ask(right);
  };
}

/** Whether a rule allows the right for all objects of the resource. */
export function allowsRight(
  { verbs, apiGroups = [], resources = [], resourceNames = [] }: V1ResourceRule,
  { verb, group, resource }: Pick<AccessRight, 'verb' | 'group' | 'resource'>,
): boolean {
  const has = (values: readonly string[], value: string): boolean => values.includes(value) || values.includes('*');
  return resourceNames.length === 0 && has(verbs, verb) && has(apiGroups, group) && has(resources, resource);
}
