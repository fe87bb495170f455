import { expect, test } from 'vitest';
import { allowsRight } from '../../activities/knative/rights-check.ts';

const right = { verb: 'patch', group: 'serving.knative.dev', resource: 'services' };
const rule = { verbs: ['get', 'patch'], apiGroups: ['serving.knative.dev'], resources: ['services', 'revisions'] };

test.each([
  ['allows what it names', rule, true],
  ['allows everything', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, true],
  ['does not allow another verb', { ...rule, verbs: ['get'] }, false],
  ['does not allow a resource of another group', { ...rule, apiGroups: [''] }, false],
  ['does not allow another resource', { ...rule, resources: ['services/status'] }, false],
  ['allows no resource where it names none', { verbs: ['patch'] }, false],
  ['does not allow all objects where it names some', { ...rule, resourceNames: ['sample-app'] }, false],
])('a rule %s', (_, one, isAllowed) => {
  expect(allowsRight(one, right)).toBe(isAllowed);
});
