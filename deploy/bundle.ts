/** Writes the bundle of the workflows that the package has: a part of `npm run build`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger } from '@temporalio/worker';
import { bundleSources } from '../worker/workflow-bundle.ts';

const file = fileURLToPath(new URL('../dist/workflows/bundle.js', import.meta.url));
const { code } = await bundleSources(new DefaultLogger('WARN'));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, code);
