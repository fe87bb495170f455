import { expect, test } from 'vitest';
import { siblingModule } from '../../../core/text/sibling-module.ts';

test.each([
  ['file:///serin/apart/read-apart.ts', './readings', 'file:///serin/apart/readings.ts'],
  ['file:///serin/dist/apart/read-apart.js', './readings', 'file:///serin/dist/apart/readings.js'],
  ['file:///serin/dist/client/serin.js', '../worker/main', 'file:///serin/dist/worker/main.js'],
])('beside %s, %s is %s', (moduleUrl, path, expected) => {
  expect(new URL(siblingModule(moduleUrl, path)).href).toBe(expected);
});
