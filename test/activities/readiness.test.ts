import { expect, test } from 'vitest';
import { listDoubts } from '../../activities/knative/readiness.ts';
import { unmet } from '../../kubernetes/knative/objects.ts';

const forbidden = 'pods "app-v2-deployment-7d" is forbidden: exceeded quota: pods';
const revision = { doubt: `candidate revision prod/app-v2 is not ready: ${forbidden}`, message: forbidden };

test('what Knative says of a revision and repeats of its service is told once', () => {
  const service = `Knative Service prod/app is not ready (Ready): RevisionFailed: Revision "app-v2" failed with message: ${forbidden}.`;
  expect(listDoubts(service, [{}, revision])).toEqual([revision.doubt]);
});

test('what the service says of itself is told too', () => {
  const service = 'Knative Service prod/app is not ready (Ready): Uninitialized: Waiting for load balancer';
  expect(listDoubts(service, [{}, revision])).toEqual([service, revision.doubt]);
  expect(listDoubts(service, [{}, {}])).toEqual([service]);
  expect(listDoubts(undefined, [{ doubt: 'it does not exist', message: '' }])).toEqual(['it does not exist']);
});

test('a condition whose reason is its message is told once', () => {
  expect(unmet([{ type: 'Ready', status: 'False', reason: 'Forbidden', message: 'Forbidden' }], 'Ready')).toBe(
    'Forbidden',
  );
});
