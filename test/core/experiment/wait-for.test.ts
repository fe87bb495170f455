import { expect, test } from 'vitest';
import { parseWaitFor, unmetWait } from '../../../core/experiment/wait-for.ts';

const ready = { type: 'Ready', status: 'True' };
const object = {
  metadata: { name: 'app', generation: 3, annotations: { 'a.b/c': 'yes' } },
  spec: { ports: [{ port: 80 }, { port: 443 }] },
  status: {
    observedGeneration: 3,
    phase: 'Running',
    replicas: 0,
    conditions: [ready, { type: 'Active', status: 'False', message: 'idle' }],
  },
};

function unmet(text: string, observed: unknown = object): string | undefined {
  const waitFor = parseWaitFor(text);
  if (waitFor === undefined) throw new Error(`${text} cannot be read`);
  return unmetWait(waitFor, observed);
}

test.each([
  'create',
  'condition=Ready',
  'condition=ready=true',
  'condition=Active=False',
  "jsonpath='{.status.phase}'=Running",
  'jsonpath={.status.phase}=Running',
  'jsonpath=.status.phase=Running',
  'jsonpath={.status.phase}',
  'jsonpath={.status.replicas}=0',
  'jsonpath={.spec.ports[1].port}=443',
  'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True',
  'jsonpath={.metadata.annotations.a\\.b/c}=yes',
  "jsonpath={.metadata.annotations['a.b/c']}=yes",
])('%s holds', (text) => {
  expect(unmet(text)).toBeUndefined();
});

test.each([
  ['condition=Active', 'Active is False, not True: idle'],
  ['condition=Missing', 'Missing is absent, not True'],
  ['jsonpath={.status.phase}=Failed', '{.status.phase} is Running, not Failed'],
  ['jsonpath={.status.nothing}', '{.status.nothing} is absent'],
  ['jsonpath={.spec.ports[7].port}=1', '{.spec.ports[7].port} is absent'],
  ['jsonpath={.toString}', '{.toString} is absent'],
  ['delete', 'still exists'],
])('%s does not hold, and says why', (text, reason) => {
  expect(unmet(text)).toBe(reason);
});

test('what does not exist is deleted, and nothing else', () => {
  expect(unmetWait({ kind: 'deleted' }, undefined)).toBeUndefined();
  expect(unmetWait({ kind: 'exists' }, undefined)).toBe('does not exist');
  expect(unmetWait({ kind: 'condition', type: 'Ready', status: 'True' }, undefined)).toBe('does not exist');
});

test('a status that is older than the object proves nothing', () => {
  const changed = { metadata: { generation: 4 }, status: { observedGeneration: 3, conditions: [ready] } };
  expect(unmet('condition=Ready', changed)).toContain('has not been looked at');
});

test.each([
  '',
  'ready',
  'condition=',
  'condition=A=B=C',
  'jsonpath=',
  'jsonpath={.a[*]}',
  'jsonpath={range .a}',
  'jsonpath={.a',
])('%j is not understood', (text) => {
  expect(parseWaitFor(text)).toBeUndefined();
});
