import { expect, test } from 'vitest';
import { withoutComments } from '../../deploy/without-comments.ts';

test.each([
  ['a comment at the end of a line', 'a(); // why\nb();', 'a();  \nb();'],
  ['a comment of several lines, whose lines stay', '/* one\n * two\n */\na();', '\n\n\na();'],
  ['a comment between two words', 'return/* what */value', 'return value'],
  ['what only looks like one in a text', "a('// no', `/* no */ ${b /* yes */}`)", "a('// no', `/* no */ ${b  }`)"],
  ['what only looks like one in a regular expression', 'a(/[/*]/, /\\/\\//)', 'a(/[/*]/, /\\/\\//)'],
  ['the terms of a licence', '/*! @license MIT */ a()', '/*! @license MIT */ a()'],
  [
    'the source map',
    'a()\n//# sourceMappingURL=data:application/json;base64,e30=',
    'a()\n//# sourceMappingURL=data:application/json;base64,e30=',
  ],
])('code without comments: %s', (_what, code, expected) => {
  const isInFunction = code.startsWith('return');
  const wrapped = isInFunction ? [`function f() {${code}}`, `function f() {${expected}}`] : [code, expected];
  expect(withoutComments(wrapped[0] ?? '')).toBe(wrapped[1]);
});
