import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { HeldPolicy } from '../../core/experiment/experiment.ts';
import type { Report } from '../../core/report/report.ts';
import type { Held } from '../../core/traffic/lease.ts';
import { abortSignal } from '../../contract/messages.ts';
import { readChainStart } from '../../temporal/holder.ts';
import { describeWorkflow, readReport, undefinedIfNotFound } from '../../temporal/read-run.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { failure } from '../failures.ts';
import { askTemporal } from './ask-temporal.ts';
import type { OwnedTarget } from './lease.ts';

/** Does what an experiment does about the one that holds its target. Returns what was done, where the holder alone does not say it. */
type MeetHolder = (temporal: TemporalService, held: Held, asking: OwnedTarget) => Promise<string | undefined>;

/** What is done about the holder, by policy. One that has ended, or of which nothing is known, is waited for under each of them. */
export const meetHolder: Readonly<Record<HeldPolicy, MeetHolder>> = {
  queue: async () => undefined,

  reject: async (_temporal, held, { target }) => {
    if (held.chain === 'open') throw taken(target, held, 'this one does not wait (`reject`)');
    return undefined;
  },

  /** Ends the holder where it began earlier; of several that would replace each other the newest is left. */
  replace: async (temporal, held, { target, holder }) => {
    if (held.chain !== 'open') return undefined;
    const { workflowId } = held.by;
    const starts = Promise.all([holder, held.by].map((chain) => readChainStart(temporal, chain)));
    const [ownStart = 0, holderStart = 0] = await askTemporal(temporal, workflowId, () => starts);
    if (holderStart > ownStart) throw taken(target, held, 'it began later, and so replaces this one');
    return askTemporal(temporal, workflowId, () => endHolder(temporal, workflowId, { target, holder }));
  },
};

function taken(target: OwnedTarget['target'], { by }: Held, why: string): Error {
  const message = `${formatObjectName(target)} is held by experiment ${by.workflowId}: ${why}`;
  return failure('TargetTaken', { message });
}

const limits = { callLimitMs: 2_000, queryLimitMs: 3_000 };

/**
 * Aborts the holder, unless it is about to end by itself. A Lease belongs to its namespace, whose owner may write any name into it:
 * a run that does not say itself that the target is its own is left alone.
 */
async function endHolder(
  { client }: TemporalService,
  workflowId: string,
  { target, holder }: OwnedTarget,
): Promise<string | undefined> {
  const run = await describeWorkflow(client, workflowId);
  if (run === undefined) return undefined;
  const reading = await readReport(client, run, limits);
  if (reading.kind === 'silent') return `it cannot be asked whether the target is its own: ${reading.reason}`;
  if (reading.kind === 'stopped' || reading.isClosed) return undefined;
  if (!isOf(reading.report, target))
    return `that experiment says that its target is ${formatObjectName(reading.report.target)}`;
  if (isEnding(reading.report)) return 'it ends';
  const handle = client.workflow.getHandle(workflowId, run.runId);
  const request = { by: `experiment ${holder.workflowId}`, reason: 'it replaces this one' };
  await handle.signal(abortSignal, request).catch(undefinedIfNotFound);
  return 'it was asked to abort';
}

function isOf({ target }: Report, { namespace, name }: OwnedTarget['target']): boolean {
  return target.namespace === namespace && target.name === name;
}

function isEnding({ stage }: Report): boolean {
  return stage === 'Finishing' || stage === 'Completed';
}
