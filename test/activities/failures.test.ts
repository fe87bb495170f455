import { expect, test } from 'vitest';
import { failure } from '../../activities/failures.ts';
import { limits } from '../../core/text/limits.ts';
import { initialStatus, statusOfReport } from '../../operator/status/experiment-status.ts';
import { aReport } from '../support/reports.ts';
import { readableByIter8 } from '../support/iter8-status.ts';

/** The API server refuses an object of more (etcd takes 1.5 MiB). */
const objectBytes = 1024 * 1024;

test('a failure without end is cut, so that the object of its experiment can say it', () => {
  const { message } = failure('PreflightRefused', { message: '漢'.repeat(3_000_000) });
  expect(message).toHaveLength(limits.failure);
  const report = aReport({ stage: 'Completed', outcome: 'Failed', reason: message, message });
  const previous = initialStatus(0);
  const status = statusOfReport(report, { nowMs: 0, workflowId: 'a', runId: 'b', previous });
  expect(Buffer.byteLength(JSON.stringify(readableByIter8(status)))).toBeLessThan(objectBytes);
});

test('what is secret in a failure is hidden before it is cut', () => {
  const secret = `https://user:hunter22@${'a'.repeat(limits.failure)}`;
  expect(failure('CommandFailed', { message: secret }).message).toMatch(/^https:\/\/\*\*\*@a+…$/);
});

test('an attempt that only says what it waits for leaves no trace in logs and error metrics', () => {
  const categories = (['TargetHeld', 'NotReady', 'ReleaseBusy', 'KubernetesUnavailable'] as const).map((type) => {
    return failure(type, { message: 'not yet' }).category;
  });
  expect(categories).toEqual(['BENIGN', 'BENIGN', 'BENIGN', undefined]);
});
