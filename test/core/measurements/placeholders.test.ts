import { describe, expect, test } from 'vitest';
import { elapsedSeconds, isPlainValue, metricVariables, substitute } from '../../../core/measurements/placeholders.ts';

const variables = { name: 'candidate', revision: 'app-v2', elapsedTime: '285' };

describe('substitute', () => {
  // The right column is what Python 3's string.Template(text).safe_substitute(variables) answers.
  test.each([
    [`{revision_name='$revision'}`, `{revision_name='app-v2'}`],
    ['[${elapsedTime}s]', '[285s]'],
    ['$name$revision', 'candidateapp-v2'],
    ['$$name costs $$5', '$name costs $5'],
    ['~".*$"', '~".*$"'],
    ['$5 ${} ${a-b} $', '$5 ${} ${a-b} $'],
    ['${name', '${name'],
    ['no placeholder', 'no placeholder'],
  ])('%s becomes %s', (template, text) => {
    expect(substitute(template, variables)).toEqual({ text, unknown: [] });
  });

  test('names what is not known once, and leaves it as it was', () => {
    expect(substitute('$user ${user} $name', variables)).toEqual({
      text: '$user ${user} candidate',
      unknown: ['user'],
    });
  });

  test('a value is not substituted again', () => {
    expect(substitute('$a', { a: '$b', b: 'no' }).text).toBe('$b');
  });
});

test.each([
  [0, 1],
  [999, 1],
  [1_999, 1],
  [285_400, 285],
])('%d ms are %d whole seconds', (ms, seconds) => {
  expect(elapsedSeconds(ms)).toBe(seconds);
});

test('a version brings its name, its variables, and the time in both spellings', () => {
  expect(metricVariables({ name: 'candidate', variables: { revision: 'app-v2' } }, 12_345)).toEqual({
    name: 'candidate',
    revision: 'app-v2',
    elapsedTime: '12',
    interval: '12s',
  });
});

test.each([
  ['app-v2', true],
  ['registry.example/app:v2.1@sha256', true],
  ['größe 2', true],
  ['', true],
  ['x") or vector(42', false],
  ['a"b', false],
  ["a'b", false],
  ['a\\b', false],
  ['{a}', false],
  ['a\nb', false],
  ['a,b', false],
  ['a=b', false],
])('%j can stand in a query: %s', (value, isPlain) => {
  expect(isPlainValue(value)).toBe(isPlain);
});
