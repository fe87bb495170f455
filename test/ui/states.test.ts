import { expect, test } from 'vitest';
import { readStates } from './recorded-states.ts';
import { pageStates } from './states.ts';

test('every state that the page is shown in has been recorded, and no other', () => {
  expect([...readStates().keys()].toSorted()).toEqual(Object.keys(pageStates).toSorted());
});

test.each([...readStates()])('the recorded state %s is what its name says', (name, { page }) => {
  const { report } = page;
  const isThere = pageStates[name]?.steer?.until ?? pageStates[name]?.until;
  expect(report && isThere ? isThere(report) : report?.outcome !== undefined).toBe(true);
});
