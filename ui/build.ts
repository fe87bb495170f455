import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import type { InlineConfig } from 'vite';

/** The page as it is served, and the parts of a frozen page, in one folder. */
export async function buildPage(folder = defaultFolder): Promise<URL> {
  // Two processes of one checkout may build at a time.
  await mkdir(dirname(folder), { recursive: true });
  const made = await mkdtemp(`${folder}-`);
  await build(config(made, { rolldownOptions: { input: join(root, 'index.html') } }));
  await build(
    config(made, {
      rolldownOptions: {
        input: { frozen: join(root, 'main.tsx') },
        output: { codeSplitting: false, entryFileNames: 'frozen.js', assetFileNames: 'frozen.[ext]' },
      },
    }),
  );
  await rm(folder, { recursive: true, force: true });
  await rename(made, folder);
  return pathToFileURL(`${folder}/`);
}

const root = fileURLToPath(new URL('./', import.meta.url));
const defaultFolder = fileURLToPath(new URL('../dist/ui', import.meta.url));

function config(outDir: string, options: InlineConfig['build']): InlineConfig {
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    base: '/',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2023',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      ...options,
    },
  };
}
