import { ApiException } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { failureTypes } from '../../core/failures.ts';
import { toApplicationFailure } from '../../activities/knative/kubernetes-failure.ts';
import { readRefusal } from '../../kubernetes/api-answer.ts';
import { call } from '../../kubernetes/call.ts';

const named = { message: 'it says why', details: { name: 'app' } };

/** By HTTP status: the meaning, what commands and the operator fail with, and what activities fail with. */
const answers = [
  [400, named, 'invalid', 'failed', 'Invalid'],
  [401, named, 'denied', 'failed', 'Forbidden'],
  [403, named, 'denied', 'failed', 'Forbidden'],
  [404, named, 'notFound', 'notFound', 'NotFound'],
  [404, { message: 'the server could not find it' }, 'unserved', 'notFound', 'KubernetesUnavailable'],
  [409, named, 'conflict', 'refused', 'Conflict'],
  [422, named, 'invalid', 'failed', 'Invalid'],
  [429, named, 'busy', 'busy', 'KubernetesUnavailable'],
  [500, named, 'busy', 'busy', 'KubernetesUnavailable'],
  [503, named, 'busy', 'busy', 'KubernetesUnavailable'],
] as const;

test.each(answers)('an answer %i means the same to all', async (code, status, refusal, kind, type) => {
  for (const body of [status, JSON.stringify(status)]) {
    const error = new ApiException(code, '', body, {});
    expect(readRefusal(error)).toEqual({ kind: refusal, code, reason: status.message });
    await expect(call('read it', Promise.reject(error))).rejects.toMatchObject({ kind });
    const name = { namespace: 'shop', name: 'app' };
    const failed = toApplicationFailure(error, { verb: 'get', resource: 'services', name, user: undefined });
    expect(failed).toMatchObject({ type, nonRetryable: !failureTypes[type].isRetryable });
    expect(failed.message).toContain(status.message);
  }
});

test('an answer without a Status says its code', () => {
  expect(readRefusal(new ApiException(502, '', '<html>', {}))?.reason).toBe('HTTP 502');
});

test('an error that is no answer of the API server is none', async () => {
  const error = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  expect(readRefusal(error)).toBeUndefined();
  await expect(call('read it', Promise.reject(error))).rejects.toMatchObject({
    kind: 'unreachable',
    message: 'cannot read it: Kubernetes does not answer: fetch failed: connect ECONNREFUSED',
  });
});
