import { expect, test } from 'vitest';
import { silenceMark } from '../../operator/silence.ts';

test.each([
  [
    { why: 'noWorker', reason: 'no worker answers on task queue serin' },
    'NoWorker',
    /^no worker answers on task queue serin$/,
  ],
  [
    { why: 'taskFails', reason: 'its workflow task fails: Nondeterminism error' },
    'WorkflowTaskFails',
    /^its workflow task fails: Nondeterminism error; run workers of the version .*, or `serin abort the-run`, which brings the traffic back by itself$/,
  ],
  [{ why: 'unreadable', reason: 'it answers with a report of a later version' }, 'NoWorker', /^it answers/],
] as const)('an Experiment says of a run that is silent (%j) why, and the ways out', (silence, reason, message) => {
  const mark = silenceMark(silence, 'the-run');
  expect(mark.reason).toBe(reason);
  expect(mark.message).toMatch(message);
});
