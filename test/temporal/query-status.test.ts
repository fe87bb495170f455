import { ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { askAgain } from '../../contract/messages.ts';
import { queryStatus } from '../../temporal/query-status.ts';
import { aReport } from '../support/reports.ts';

function refuse(details: string): never {
  const cause = Object.assign(new Error(details), { code: 3, details, metadata: {} });
  throw new ServiceError('Failed to query Workflow', { cause });
}

/** A run that answers with each of these in turn. */
function runThat(...answers: readonly (() => unknown)[]) {
  const left = [...answers];
  const query = async () => left.shift()?.();
  return { query: query as Parameters<typeof queryStatus>[0]['query'], left };
}

test('a run that is at a workflow task is asked again', async () => {
  const report = aReport();
  const run = runThat(
    () => refuse(askAgain),
    () => refuse(askAgain),
    () => report,
  );
  expect(await queryStatus(run)).toBe(report);
});

test('any other refusal is one', async () => {
  const run = runThat(
    () => refuse('unknown queryType status'),
    () => aReport(),
  );
  await expect(queryStatus(run)).rejects.toThrow('Failed to query Workflow');
  expect(run.left).toHaveLength(1);
});
