import { expect, test } from 'vitest';
import { formatRequest } from '../../../core/planner/requests.ts';

test.each([
  [{}, 'aborted'],
  [{ by: 'alice' }, 'aborted by alice'],
  [{ reason: 'the workflow was cancelled' }, 'aborted: the workflow was cancelled'],
  [{ by: 'alice', reason: 'the checkout is broken' }, 'aborted by alice: the checkout is broken'],
])('a request says who and why as far as it is known: %j', (request, words) => {
  expect(formatRequest('aborted', request)).toBe(words);
});
