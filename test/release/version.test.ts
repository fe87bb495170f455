import { expect, test } from 'vitest';
import { requireNext } from '../../release/version.ts';

test.each([
  ['0.2.0', '0.1.0'],
  ['1.0.0', '0.9.9'],
  ['1.0.0-rc.1', '0.9.9'],
])('%s may come after %s', (version, present) => {
  expect(() => requireNext(version, present)).not.toThrow();
});

test.each([
  ['', '"" is no version: expected one such as 0.2.0'],
  ['v0.2.0', '"v0.2.0" is no version: expected one such as 0.2.0'],
  ['0.2', '"0.2" is no version: expected one such as 0.2.0'],
  ['0.1.0', '0.1.0 is not after 0.1.0, the version in package.json'],
  ['0.0.9', '0.0.9 is not after 0.1.0, the version in package.json'],
])('"%s" is refused', (version, message) => {
  expect(() => requireNext(version, '0.1.0')).toThrow(message);
});
