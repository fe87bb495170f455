import { expect, test } from 'vitest';
import { documentTexts } from '../../../formats/document/document-texts.ts';

test.each<[string, readonly string[] | undefined]>([
  ['a: 1\n', ['a: 1\n']],
  ['---\na: 1\n--- # two\nb: 2', ['a: 1\n', '# two\nb: 2']],
  ['# first\n---\na: 1\n--- {b: 2}\n', ['# first\na: 1\n', '{b: 2}\n']],
  ['a: |\n  ---\n---\n---\nb: 2\n', ['a: |\n  ---\n', '', 'b: 2\n']],
  ['---\r\na: 1\r\n---\r\nb: 2\r\n', ['a: 1\r\n', 'b: 2\r\n']],
  ['a: 1\n...\nb: 2\n', undefined],
  ['%YAML 1.2\n---\na: 1\n', undefined],
])('%j has these texts', (text, texts) => {
  expect(documentTexts(text)).toEqual(texts);
});
