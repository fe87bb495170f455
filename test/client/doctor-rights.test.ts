import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { secretRules, workerRules } from '../../client/doctor/rights.ts';
import { readDocuments } from '../../formats/document/document.ts';

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

test.each([
  ['serin-worker', workerRules],
  ['serin-secret-reader-writer', secretRules],
])('the doctor asks for the rights of %s in deploy/rbac.yaml', (name, rules) => {
  expect(readRules(name)).toEqual(rules);
});
