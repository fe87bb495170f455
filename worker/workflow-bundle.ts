import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleOption, WorkflowBundleWithSourceMap } from '@temporalio/worker';

/** The workflows' code: the bundle at `path`, else the package's own, else one made from the sources now. */
export async function workflowBundle(path: string | undefined, log: Logger): Promise<WorkflowBundleOption> {
  if (path !== undefined) return { codePath: path };
  return existsSync(packagedBundle) ? { codePath: packagedBundle } : bundleSources(log);
}

/**
 * Bundles the workflows from their sources, which takes seconds. The source map names files as the repository does, and leaves out
 * what is in them.
 */
export async function bundleSources(log: Logger): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    ...workflowModules,
    // webpack logs every module at `info`, which people who run workers do not need.
    logger: { ...log, info: (message, meta) => log.debug(message, meta) },
    webpackConfigHook: (config) => ({
      ...config,
      context: sourcePath(''),
      devtool: 'inline-nosources-cheap-module-source-map',
      output: { ...config.output, devtoolModuleFilenameTemplate: relativeName },
    }),
  });
}

/** The name of a module in the source map, which is the same wherever it is built. */
function relativeName({ resourcePath }: { readonly resourcePath: string }): string {
  return resourcePath.replace(sourcePath(''), './');
}

/** What the bundle is made of. */
export const workflowModules = {
  workflowsPath: sourcePath('workflows/index.ts'),
  workflowInterceptorModules: [sourcePath('workflows/interceptors.ts')],
  payloadConverterPath: sourcePath('contract/payload-converter.ts'),
};

/** Only the package has it. */
const packagedBundle = sourcePath('workflows/bundle.js');

function sourcePath(file: string): string {
  return fileURLToPath(new URL(`../${file}`, import.meta.url));
}
