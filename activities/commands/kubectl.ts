import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '../../core/text/defined.ts';
import type { Flag } from '../../core/tasks/flags.ts';
import { kubectlArguments } from '../../core/tasks/kubectl-command.ts';
import type { KubectlCall } from '../../core/tasks/kubectl-command.ts';
import { inScratchDirectory } from '../scratch-directory.ts';
import { runProcess } from './run-process.ts';
import type { ProcessRequest, ProcessResult } from './run-process.ts';
import type { CommandBounds } from './bounds.ts';

/** The largest manifest that is downloaded: more than any object that etcd takes. */
const longestManifestBytes = 4 * 1024 * 1024;

/** What kubectl works with. */
export interface KubectlAccess {
  readonly environment: Readonly<Record<string, string>>;
  readonly bounds: CommandBounds;
  /** As whom it acts; undefined: as the worker itself. */
  readonly user: string | undefined;
  /** The bytes at an http or https URL whose address manifests may ask. */
  readonly download: (url: string, limitBytes: number) => Promise<Buffer>;
}

export interface KubectlRequest extends Pick<ProcessRequest, 'limitMs' | 'signal' | 'outputBytes'> {
  readonly call: KubectlCall;
  /** The experiment's, for objects that name none where the worker runs in the cluster. */
  readonly namespace: string;
  /** Flags of serin's own. */
  readonly own?: readonly Flag[];
}

/** Downloads the call's manifests and runs kubectl on them, as the user. */
export async function runKubectl(access: KubectlAccess, request: KubectlRequest): Promise<ProcessResult> {
  const { environment, bounds, user, download } = access;
  // Named one by one: nothing else of a request reaches the program.
  const { call, namespace, own = [], limitMs, signal, outputBytes } = request;
  return inScratchDirectory('kubectl', async (directory) => {
    const files: string[] = [];
    for (const [index, url] of call.manifests.entries()) {
      const file = join(directory, `manifest-${index}.yaml`);
      await writeFile(file, await download(url, longestManifestBytes));
      files.push(file);
    }
    const acting = user === undefined ? own : [{ name: '--as', value: user }, ...own];
    const args = kubectlArguments(call, { files, own: acting });
    const inNamespace = { ...environment, POD_NAMESPACE: namespace };
    return runProcess({
      command: 'kubectl',
      args,
      environment: inNamespace,
      bounds,
      directory,
      limitMs,
      signal,
      ...defined({ outputBytes }),
    });
  });
}
