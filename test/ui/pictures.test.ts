import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pictureFile, pictures } from './pictures.ts';
import { pageStates } from './states.ts';

test('the docs have each picture that is taken of the page, and no other', () => {
  const names = Object.keys(pictures).toSorted();
  const taken = readdirSync(pictureFile()).filter((file) => file.endsWith('.png'));
  expect(taken.toSorted()).toEqual(names.map((name) => `${name}.png`));
  const page = readFileSync(new URL('../../docs/page.md', import.meta.url), 'utf8');
  const named = [...page.matchAll(/\(pictures\/(.*)\.png\)/g)].map(([, name = '']) => name);
  expect(named.toSorted()).toEqual(names);
});

test('what a picture shows is a state that is recorded', () => {
  const shown = Object.values(pictures).filter((state) => state !== undefined);
  expect(Object.keys(pageStates)).toEqual(expect.arrayContaining(shown));
});
