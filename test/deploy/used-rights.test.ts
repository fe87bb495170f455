import { globSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { readRanFiles, readUsedRights } from '../support/audit.ts';
import { withSandbox } from '../support/groups.ts';
import { formatRight, readRoles } from '../support/roles.ts';

const rights = readRoles().flatMap(({ name, rights: some }) => some.map((right) => formatRight(name, right)));
const ran = await readRanFiles(inject('auditDirectory'));
const missing = globSync(withSandbox).filter((file) => !ran.has(file));
const used = await readUsedRights(inject('auditDirectory'));

test('every file on the sandbox has run: only then do unused rights mean anything (`npm run test:e2e`)', () => {
  expect(missing).toEqual([]);
});

test.skipIf(missing.length > 0).each(rights)(
  'the suite uses the right "%s", as the audit log of the API server has it',
  (right) => {
    expect(used.has(right)).toBe(true);
  },
);

test('the log has no use of a right that the ClusterRoles of deploy/ do not have', () => {
  const names = readRoles().map(({ name }) => name);
  const ours = [...used].filter((right) => names.some((name) => right.startsWith(`${name}: `)));
  expect(ours.filter((right) => !rights.includes(right))).toEqual([]);
});
