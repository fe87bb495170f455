/** Writes what the package has beside its compiled sources, the bundle of the workflows and the page, and makes source maps small: a part of `npm run build`. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger } from '@temporalio/worker';
import { keepLines } from './line-maps.ts';
import { withoutComments } from './without-comments.ts';
import { buildPage } from '../ui/build.ts';
import { bundleSources } from '../worker/workflow-bundle.ts';

const folder = fileURLToPath(new URL('../dist/', import.meta.url));
for (const name of globSync('**/*.js.map', { cwd: folder })) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(keepLines(JSON.parse(readFileSync(path, 'utf8')))));
}
const file = fileURLToPath(new URL('../dist/workflows/bundle.js', import.meta.url));
const { code } = await bundleSources(new DefaultLogger('WARN'));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, withoutComments(code));
await buildPage();
