import { decode, encode } from '@jridgewell/sourcemap-codec';
import { expect, test } from 'vitest';
import { keepLines } from '../../deploy/line-maps.ts';

test('each line keeps its place, and what is in it goes', () => {
  const mappings = encode([
    [
      [0, 0, 6, 0],
      [4, 0, 6, 8],
    ],
    [],
    [
      [2, 0, 9, 1],
      [7, 0, 10, 3],
    ],
  ]);
  const map = keepLines({ version: 3, sources: ['../a.ts'], mappings });
  expect(map).toMatchObject({ version: 3, sources: ['../a.ts'] });
  expect(decode(map.mappings)).toEqual([[[0, 0, 6, 0]], [], [[2, 0, 9, 1]]]);
});
