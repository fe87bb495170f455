import { formatObjectName } from '../../core/experiment/experiment.ts';
import { targetAttribute } from '../../contract/messages.ts';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';
import type { KubernetesFlags } from '../../kubernetes/kubeconfig.ts';
import { holderIn } from '../../kubernetes/lease.ts';
import { connectRestoreCluster } from '../../kubernetes/restore-cluster.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { remark, say } from '../context.ts';
import { CommandError } from '../errors.ts';
import type { ExperimentView } from '../temporal/experiments.ts';
import { parseTarget, restoreCommand } from './restore.ts';

interface Rescue {
  /** Of a run whose workflow task fails. */
  readonly view: ExperimentView;
  readonly flags: KubernetesFlags & { readonly force: boolean; readonly timeoutMs: number };
}

/**
 * Brings the traffic of a run that cannot act back to the baseline, as `serin restore` does, after asking or with `--force`. Only a
 * target whose Lease the run holds: anybody else's traffic stays as it is.
 */
export async function rescueTraffic(context: CommandContext, { view, flags }: Rescue): Promise<CommandResult> {
  const { execution, note = 'it does not answer' } = view;
  const { workflowId } = execution;
  const name = execution.typedSearchAttributes.get(targetAttribute);
  const problem = `the abort of ${workflowId} is recorded, but ${note.split('; run workers')[0]}`;
  if (name === undefined) {
    const remedy = `\`${context.program} restore NAMESPACE/NAME --force\` brings the traffic of its target back`;
    throw new CommandError('failed', `${problem}; ${remedy}`);
  }
  const target = parseTarget(name);
  const lease = await connectRestoreCluster(loadKubeConfig(flags)).readLease(target);
  if (lease === undefined || holderIn(lease)?.workflowId !== workflowId) {
    throw new CommandError('failed', `${problem}; it does not hold ${name}, so that its traffic is left as it is`);
  }
  remark(context, problem);
  await requireConsent(context, { name, force: flags.force, problem });
  const restored = await restoreCommand(context, {
    target: formatObjectName(target),
    flags: { ...flags, force: true },
  });
  const end = `\`temporal workflow terminate --workflow-id ${workflowId}\` ends it now`;
  say(context, `The run itself is still open, and writes nothing any more: a worker that can run it ends it; ${end}.`);
  return { ...restored, json: { workflowId, aborted: 'restored', restored: restored.json } };
}

async function requireConsent(
  { terminal, program }: CommandContext,
  { name, force, problem }: { readonly name: string; readonly force: boolean; readonly problem: string },
): Promise<void> {
  if (force) return;
  if (!terminal.isScreen) {
    throw new CommandError(
      'refused',
      `${problem}; with --force \`${program} abort\` brings the traffic of ${name} back by itself`,
    );
  }
  terminal.writeError(`Bring the traffic of ${name} back to 100 % baseline now? [y/N] `);
  if (/^y(es)?$/i.test((await terminal.readLine()).trim())) return;
  throw new CommandError('refused', `the traffic of ${name} is left as it is`);
}
