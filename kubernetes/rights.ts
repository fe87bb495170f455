import type { AccessRight } from './access-right.ts';
import { userAccount } from './account.ts';

/** What may be done with objects of some kinds: a rule of a role. */
export interface Rule {
  readonly groups: readonly string[];
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** A ClusterRole of deploy/rbac.yaml that the owner of a namespace binds in it. */
export interface OwnersRole {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** What a run does in the namespace of its target. */
export const targetRole: OwnersRole = {
  name: 'serin-target',
  rules: [
    { groups: ['serving.knative.dev'], resource: 'services', verbs: ['get', 'list', 'watch', 'patch', 'create'] },
    { groups: ['serving.knative.dev'], resource: 'revisions', verbs: ['get', 'list', 'watch', 'patch'] },
    { groups: ['coordination.k8s.io'], resource: 'leases', verbs: ['get', 'create', 'update', 'delete'] },
    { groups: ['iter8.tools', 'serin.dev'], resource: 'metrics', verbs: ['get'] },
  ],
};

/** What helm does in the namespace of a release, whose records are Secrets. */
export const releaseRole: OwnersRole = {
  name: 'serin-secret-reader-writer',
  rules: [{ groups: [''], resource: 'secrets', verbs: ['get', 'list', 'create', 'update', 'delete'] }],
};

/** The rights of a role in a namespace, one by one; an empty namespace stands for all. */
export function roleRights({ rules }: OwnersRole, namespace: string): readonly AccessRight[] {
  return rules.flatMap(({ groups, resource, verbs }) =>
    groups.flatMap((group) => verbs.map((verb) => ({ group, resource, verb, namespace }))),
  );
}

/** Rights as people read them: `get, patch services.serving.knative.dev; get secrets`. */
export function formatRights(rights: readonly AccessRight[]): string {
  const byResource = Map.groupBy(rights, ({ group, resource }) => resourceTitle(resource, group));
  return [...byResource].map(([title, some]) => `${some.map(({ verb }) => verb).join(', ')} ${title}`).join('; ');
}

function resourceTitle(resource: string, group: string): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** A right that was denied, as messages name it. */
export interface DeniedRight {
  readonly verb: string;
  /** `services.serving.knative.dev`. */
  readonly resource: string;
  readonly namespace: string;
}

/** How the owner of the namespace gives `user` the right; an undefined user is serin itself. */
export function grantRemedy(user: string | undefined, { verb, resource, namespace }: DeniedRight): string {
  const subject = user === undefined ? undefined : userAccount(user);
  const role = [targetRole, releaseRole].find((one) => hasRight(one, { verb, resource }));
  if (subject === undefined || role === undefined) {
    return `give ${user ?? "serin's account"} the right "${verb}" on ${resource} in namespace ${namespace}`;
  }
  return `the owner of namespace ${namespace} allows it with \`${bindCommand(role, { namespace, subject })}\``;
}

interface Binding {
  readonly namespace: string;
  readonly subject: { readonly namespace: string; readonly name: string };
}

/** The command that binds the role to a service account in a namespace, its own or another. */
export function bindCommand({ name: role }: OwnersRole, { namespace, subject }: Binding): string {
  const binding = subject.namespace === namespace ? role : `${role}-${subject.namespace}`;
  const account = `--serviceaccount ${subject.namespace}:${subject.name}`;
  return `kubectl create rolebinding ${binding} --namespace ${namespace} --clusterrole ${role} ${account}`;
}

function hasRight({ rules }: OwnersRole, { verb, resource }: Pick<DeniedRight, 'verb' | 'resource'>): boolean {
  return rules.some(
    (rule) =>
      rule.verbs.includes(verb) && rule.groups.some((group) => resourceTitle(rule.resource, group) === resource),
  );
}
