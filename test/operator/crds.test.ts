import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { crdsFile } from '../../operator/crds/file.ts';

test('deploy/crds.yaml is what `npm run generate` writes', () => {
  expect(readFileSync(new URL('../../deploy/crds.yaml', import.meta.url), 'utf8')).toBe(crdsFile());
});
