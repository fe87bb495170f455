/** Writes what the package has beside its compiled sources, the bundle of the workflows and the page: a part of `npm run build`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger } from '@temporalio/worker';
import { withoutComments } from './without-comments.ts';
import { buildPage } from '../ui/build.ts';
import { bundleSources } from '../worker/workflow-bundle.ts';

const file = fileURLToPath(new URL('../dist/workflows/bundle.js', import.meta.url));
const { code } = await bundleSources(new DefaultLogger('WARN'));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, withoutComments(code));
await buildPage();
