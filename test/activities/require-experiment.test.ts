import { expect, test } from 'vitest';
import { failure } from '../../activities/failures.ts';
import { requireExperiment } from '../../activities/knative/require-experiment.ts';
import { asActivity, caughtFailure } from '../support/activity.ts';

const ofObject = 'experiment/iter8.tools/shop/canary/u-1';

/** Whether a run may begin where the API server has this object, or fails. */
function require(workflowId: string, readObject: () => Promise<object | undefined>): Promise<void> {
  return requireExperiment({ readObject }, workflowId);
}

const found = (uid: string) => async () => ({ metadata: { uid } });

test('a run begins while its own Experiment is there', async () => {
  await asActivity(() => require(ofObject, found('u-1')));
});

test.each([
  ['is gone', async () => undefined],
  ['has been created again', found('u-2')],
])('a run does not begin whose Experiment %s', async (_, readObject) => {
  expect(await caughtFailure(() => require(ofObject, readObject))).toMatchObject({
    type: 'ExperimentGone',
    isRetryable: false,
    message: 'Experiment shop/canary was deleted',
  });
});

test('a run that nobody made an object for is not asked for one', async () => {
  const readObject = () => expect.fail('it was asked');
  for (const workflowId of [
    'experiment/shop/canary',
    'canary',
    'experiment/apps/shop/canary/u-1',
    `${ofObject}/more`,
  ]) {
    await asActivity(() => require(workflowId, readObject));
  }
});

test('a worker that may not look lets it begin, and an API server that does not answer is waited for', async () => {
  const failing = (type: 'Forbidden' | 'KubernetesUnavailable') => async () =>
    Promise.reject(failure(type, { message: 'no' }));
  await asActivity(() => require(ofObject, failing('Forbidden')));
  expect(await caughtFailure(() => require(ofObject, failing('KubernetesUnavailable')))).toMatchObject({
    isRetryable: true,
  });
});
