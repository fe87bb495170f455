import { expect, test } from 'vitest';
import { usedRights } from './audit.ts';

const worker = { username: 'system:serviceaccount:serin-system:serin-worker' };
const impersonatedUser = { username: 'system:serviceaccount:team-a:serin' };
const patch = {
  verb: 'patch',
  user: worker,
  impersonatedUser,
  objectRef: { resource: 'services', apiGroup: 'serving.knative.dev', namespace: 'team-a', name: 'shop' },
  annotations: allowedBy('RoleBinding "any/team-a" of ClusterRole "serin-target" to ServiceAccount "serin/team-a"'),
};

function allowedBy(binding: string): Readonly<Record<string, string>> {
  return {
    'authorization.k8s.io/decision': 'allow',
    'authorization.k8s.io/reason': `RBAC: allowed by ${binding}`,
  };
}

function used(...events: readonly object[]): readonly string[] {
  return [...usedRights(events.map((event) => `${JSON.stringify(event)}\n`).join(''))];
}

test('a request as another uses the right to impersonate, and one of the role that allowed it', () => {
  expect(used(patch)).toEqual([
    'serin-worker: impersonate serviceaccounts serin',
    'serin-target: patch services.serving.knative.dev',
  ]);
});

test('a subresource is a resource of its own', () => {
  const binding = 'ClusterRoleBinding "serin-operator" of ClusterRole "serin-operator" to ServiceAccount "a/b"';
  const objectRef = { resource: 'experiments', subresource: 'status', apiGroup: 'serin.dev' };
  const write = { verb: 'update', user: worker, objectRef, annotations: allowedBy(binding) };
  expect(used(write)).toEqual(['serin-operator: update experiments/status.serin.dev']);
});

test('a refused request uses no right but that to make it as another', () => {
  const annotations = { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' };
  expect(used({ ...patch, annotations })).toEqual(['serin-worker: impersonate serviceaccounts serin']);
});

test('a refused impersonation uses no right', () => {
  const { verb, user, objectRef } = patch;
  expect(used({ verb, user, objectRef })).toEqual([]);
});

test('what a Role of somebody else allows uses none of our rights', () => {
  const binding = 'RoleBinding "own/team-a" of Role "own" to ServiceAccount "serin/team-a"';
  expect(used({ ...patch, impersonatedUser: undefined, annotations: allowedBy(binding) })).toEqual([]);
});

test('a right that is used often is one right', () => {
  expect(used(patch, patch)).toHaveLength(2);
});
