import { ServiceError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { answerWithin, failureDetails, readCallFailure } from '../../temporal/grpc.ts';

/** As gRPC's client throws it, and Temporal's client wraps it. */
function aCallError(code: number, details = 'what the server says'): Error {
  const cause = Object.assign(new Error(`${code} CODE: ${details}`), { code, details, metadata: {} });
  return new ServiceError('Failed to query Workflow', { cause });
}

describe('readCallFailure', () => {
  test.each([
    [1, 'late'],
    [3, 'invalid'],
    [4, 'late'],
    [5, 'notFound'],
    [7, 'forbidden'],
    [8, 'exhausted'],
    [9, 'other'],
    [12, 'unimplemented'],
    [14, 'unavailable'],
    [16, 'unauthenticated'],
  ])('reads code %i as %s, with what the server says', (code, kind) => {
    expect(readCallFailure(aCallError(code))).toEqual({ kind, details: 'what the server says' });
  });

  test('reads nothing from an error that no call has caused', () => {
    expect(readCallFailure(new Error('a bug', { cause: new Error('below it') }))).toBeUndefined();
  });
});

describe('failureDetails', () => {
  test.each([
    ['the failed call', aCallError(14, 'connection refused'), 'connection refused'],
    ['the innermost error', new Error('outside', { cause: new Error('inside') }), 'inside'],
    ['what is no error', 'a text', 'a text'],
  ])('are those of %s', (_, error, details) => {
    expect(failureDetails(error)).toBe(details);
  });
});

describe('answerWithin', () => {
  test('hands on what is answered in time', async () => {
    expect(await answerWithin(60_000, Promise.resolve('an answer'))).toBe('an answer');
  });

  test('fails as a late answer beyond the limit', async () => {
    const error: unknown = await answerWithin(10, new Promise(() => undefined)).catch((thrown: unknown) => thrown);
    expect(readCallFailure(error)).toEqual({ kind: 'late', details: 'no answer within 0.01 s' });
  });
});
