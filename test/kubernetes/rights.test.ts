import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readDocuments } from '../../formats/document/document.ts';
import { grantRemedy, releaseRole, targetRole } from '../../kubernetes/rights.ts';

interface ClusterRole {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules: readonly { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
}

function readRules(name: string): readonly object[] {
  const reading = readDocuments(readFileSync('deploy/rbac.yaml', 'utf8'), 'deploy/rbac.yaml');
  if (reading.kind === 'invalid') return [];
  // The documents of deploy/rbac.yaml have this form.
  const objects = reading.documents.map(({ value }) => value as ClusterRole);
  const role = objects.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name);
  return (role?.rules ?? []).flatMap(({ apiGroups, resources, verbs }) =>
    resources.map((resource) => ({ groups: apiGroups, resource, verbs })),
  );
}

test.each([targetRole, releaseRole])(
  'the ClusterRole $name of deploy/rbac.yaml is what serin says it is',
  ({ name, rules }) => {
    expect(readRules(name)).toEqual(rules);
  },
);

const owners = 'system:serviceaccount:team-a:serin';

test.each([
  [
    'a right of a run, in its own namespace',
    owners,
    { verb: 'patch', resource: 'services.serving.knative.dev', namespace: 'team-a' },
    'the owner of namespace team-a allows it with `kubectl create rolebinding serin-target --namespace team-a --clusterrole serin-target --serviceaccount team-a:serin`',
  ],
  [
    'a right of helm, in another namespace',
    owners,
    { verb: 'list', resource: 'secrets', namespace: 'team-b' },
    'the owner of namespace team-b allows it with `kubectl create rolebinding serin-secret-reader-writer-team-a --namespace team-b --clusterrole serin-secret-reader-writer --serviceaccount team-a:serin`',
  ],
  [
    'a right that no role of serin has',
    owners,
    { verb: 'get', resource: 'deployments.apps', namespace: 'team-a' },
    `give ${owners} the right "get" on deployments.apps in namespace team-a`,
  ],
  [
    'a worker that acts as itself',
    undefined,
    { verb: 'get', resource: 'secrets', namespace: 'team-a' },
    'give serin\'s account the right "get" on secrets in namespace team-a',
  ],
])('what is missing is told with its remedy: %s', (_, user, right, remedy) => {
  expect(grantRemedy(user, right)).toBe(remedy);
});
