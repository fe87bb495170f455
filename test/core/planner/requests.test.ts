import { expect, test } from 'vitest';
import { formatRequest } from '../../../core/planner/requests.ts';

test.each([
  [{}, 'aborted'],
  [{ by: 'alice' }, 'aborted by alice'],
  [{ reason: 'the workflow was cancelled' }, 'aborted: the workflow was cancelled'],
  [{ by: 'system:serviceaccount:shop:ci' }, 'aborted by system:serviceaccount:shop:ci'],
  [{ by: "Ann O'Neil (SRE)" }, "aborted by Ann O'Neil (SRE)"],
  [{ by: 'eve, verified: ann' }, 'aborted by "eve, verified: ann"'],
  [{ by: 'eve verified:ann' }, 'aborted by "eve verified:ann"'],
  [{ by: 'ann\nbob' }, 'aborted by "ann\\nbob"'],
  [{ by: 'alice', reason: 'the checkout is broken' }, 'aborted by alice: the checkout is broken'],
])('a request says who and why as far as it is known: %j', (request, words) => {
  expect(formatRequest('aborted', request)).toBe(words);
});
