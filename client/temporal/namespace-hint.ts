import type { CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';

/**
 * For `catch`: where nothing was found in a namespace that the command line names, says that it is Temporal's. iter8ctl's `-n` was
 * the namespace of the experiment.
 */
export function explainNamespace({ connection, program }: CommandContext, command: string, id: string) {
  return (error: unknown): never => {
    const { namespace } = connection;
    const isMissing = error instanceof CommandError && error.kind === 'notFound';
    if (!isMissing || namespace === undefined || id.includes('/')) throw error;
    const hint = `-n is Temporal's namespace; for the experiment ${id} of the Kubernetes namespace ${namespace}: \`${program} ${command} ${namespace}/${id}\``;
    throw new CommandError('notFound', `${error.message}; ${hint}`, { cause: error, exitCode: error.exitCode });
  };
}
