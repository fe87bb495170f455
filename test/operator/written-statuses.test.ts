import { globSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { readRanFiles, readWrittenStatuses } from '../support/audit.ts';
import { iter8StatusProblems } from '../support/iter8-status.ts';

const directory = inject('auditDirectory');
const withOperator = globSync('test/{e2e,chaos}/operator.test.ts');
const ran = await readRanFiles(directory);
const seen: string[] = [];
const problems = new Set<string>();
for await (const { experiment, status } of readWrittenStatuses(directory)) {
  seen.push(experiment);
  for (const problem of iter8StatusProblems(status)) problems.add(`${experiment}: ${problem}`);
}

test('programs of iter8 can read every status that an operator has written in this run, of whatever experiment', () => {
  expect([...problems]).toEqual([]);
});

test.skipIf(!withOperator.some((file) => ran.has(file)))('the audit log has the statuses that operators write', () => {
  expect(seen.length).toBeGreaterThan(0);
});
