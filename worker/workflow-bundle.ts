import { fileURLToPath } from 'node:url';
import type { Logger } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';

/** The workflows' code: the bundle at `path`, or one made from the sources now, which takes about two seconds. */
export async function workflowBundle(path: string | undefined, log: Logger): Promise<WorkflowBundleOption> {
  if (path !== undefined) return { codePath: path };
  // webpack logs every module at `info`, which people who run workers do not need.
  const logger: Logger = { ...log, info: (message, meta) => log.debug(message, meta) };
  return bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger });
}

const payloadConverterPath = fileURLToPath(new URL('../contract/payload-converter.ts', import.meta.url));
const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
