import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

/** Makes the page. Frozen pages have its first script and its style sheet. */
export async function buildPage(folder = defaultFolder): Promise<URL> {
  await mkdir(dirname(folder), { recursive: true });
  // Two processes of one checkout may build at a time.
  const made = await mkdtemp(`${folder}-`);
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: made,
      emptyOutDir: false,
      target: 'es2023',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
    },
  });
  await rm(folder, { recursive: true, force: true });
  await rename(made, folder);
  return pathToFileURL(`${folder}/`);
}

const root = fileURLToPath(new URL('./', import.meta.url));
const defaultFolder = fileURLToPath(new URL('../dist/ui', import.meta.url));
