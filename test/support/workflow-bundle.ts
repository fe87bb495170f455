import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { cacheKey, fillOnce } from '../../sandbox/tools/cache.ts';
import { workflowModules } from '../../worker/workflow-bundle.ts';

/** Source files (from the root) that take the place of others. */
type Replacements = Readonly<Record<string, string>>;

/**
 * Path of the bundled workflows, with some source files replaced. Bundling takes seconds, so a folder has each bundle once, even
 * when several processes ask for it at the same time.
 *
 * @param directory default: the folder of the test run, or outside of one a folder of this process.
 */
export async function bundleWorkflows(replacements: Replacements = {}, directory?: string): Promise<string> {
  const parent = directory ?? (await bundleDirectory());
  const folder = join(parent, cacheKey(Object.entries(replacements).flat(), []));
  const path = join(folder, 'workflows.js');
  await fillOnce(folder, async (temporary) => writeFile(join(temporary, 'workflows.js'), await bundle(replacements)));
  return path;
}

async function bundle(replacements: Replacements): Promise<string> {
  const aliases = Object.entries(replacements).map(([file, by]) => [sourcePath(file), sourcePath(by)]);
  const { code } = await bundleWorkflowCode({
    ...workflowModules,
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => {
      // The bundler's own aliases are an object; they stay.
      const alias = Object.assign({}, config.resolve?.alias, Object.fromEntries(aliases));
      return { ...config, resolve: { ...config.resolve, alias } };
    },
  });
  return code;
}

let ownDirectory: string | undefined;

async function bundleDirectory(): Promise<string> {
  // Recorders and benchmarks run without vitest, which cannot even be imported there.
  if (process.env['VITEST'] !== undefined) return (await import('vitest')).inject('bundleDirectory');
  ownDirectory ??= mkdtempSync(join(tmpdir(), 'serin-bundles-'));
  return ownDirectory;
}

function sourcePath(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}
