import { expect, test } from 'vitest';
import { grantRemedy, releaseRole, targetRole } from '../../kubernetes/rights.ts';
import { readClusterRoles } from '../support/roles.ts';

/** What no run can do without: a rule about one object is about one that need not be there. */
function readRules(name: string): readonly object[] {
  const role = readClusterRoles().find(({ metadata }) => metadata?.name === name);
  const rules = (role?.rules ?? []).filter(({ resourceNames }) => resourceNames === undefined);
  return rules.flatMap(({ apiGroups, resources = [], verbs }) =>
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
