import { expect, test } from 'vitest';
import { readDeploymentVersion } from '../../temporal/deployment-version.ts';

function read(name?: string, build?: string) {
  return readDeploymentVersion({ TEMPORAL_DEPLOYMENT_NAME: name, TEMPORAL_WORKER_BUILD_ID: build });
}

test('a worker has a version where both variables are there', () => {
  expect(read('serin-system/serin-worker', '0.2.0-1f3c')).toEqual({
    deploymentName: 'serin-system/serin-worker',
    buildId: '0.2.0-1f3c',
  });
});

test('a worker has none where neither is there, or both are empty', () => {
  expect(read()).toBeUndefined();
  expect(read('', '')).toBeUndefined();
});

test.each([
  ['serin', '', 'TEMPORAL_WORKER_BUILD_ID: expected a build ID beside TEMPORAL_DEPLOYMENT_NAME, got none'],
  ['', '1', 'TEMPORAL_DEPLOYMENT_NAME: expected a name beside TEMPORAL_WORKER_BUILD_ID, got none'],
  ['a.b', '1', 'TEMPORAL_DEPLOYMENT_NAME: expected a name without "." and ":", got "a.b"'],
  ['a:b', '1', 'TEMPORAL_DEPLOYMENT_NAME: expected a name without "." and ":", got "a:b"'],
])('the name "%s" with the build ID "%s" is refused', (name, build, problem) => {
  expect(() => read(name, build)).toThrow(problem);
});
