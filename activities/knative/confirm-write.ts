import { cancellationSignal, sleep } from '@temporalio/activity';
import { defined } from '../../core/text/defined.ts';
import { formatObjectName } from '../../core/experiment/experiment.ts';
import { formatWriteId } from '../../core/traffic/fencing.ts';
import { formatShares } from '../../core/traffic/spec-traffic.ts';
import { planAnnotation } from '../../core/traffic/target.ts';
import type { PatchTrafficInput } from '../../contract/traffic.ts';
import { confirmTraffic } from '../../kubernetes/knative/confirm-traffic.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from './cluster.ts';
import { fencedFailure, isRestored } from './fenced.ts';
import type { WatchedNamespace } from './watched-namespace.ts';

/** What a watch tells of a target after a write. */
export type WrittenEvents = Pick<WatchedNamespace, 'isOpen' | 'recallService' | 'nextChange'>;

export const noEvents: WrittenEvents = {
  isOpen: () => false,
  recallService: () => undefined,
  nextChange: async (_, limitMs) => {
    await sleep(limitMs);
    return false;
  },
};

/** A write that the API server has accepted. */
export interface AcceptedWrite {
  /** Epoch ms. */
  readonly atMs: number;
  /** Whether it was accepted just now, and not in an earlier attempt. */
  readonly isNew: boolean;
}

interface Confirmer {
  readonly cluster: ActivityCluster;
  readonly watched: WrittenEvents;
}

/** Knative reports a change after a tenth of a second at best, after 2 s at the median: reads are close together at first. */
const [firstPauseMs, pauseGrowth, longestPauseMs] = [150, 1.4, 1_000];
/** What events do not tell for so long is asked for. */
const silenceMs = 2_000;

/**
 * Waits until the cluster reports what was written: by the events of the watch, and by asking where these are silent or tell of something
 * else. Fails as `NotConfirmed`, `Fenced` or `TargetGone`.
 */
export async function confirmWrite(
  { cluster, watched }: Confirmer,
  input: PatchTrafficInput,
  { atMs: acceptedAtMs, isNew }: AcceptedWrite,
): Promise<void> {
  const { target, shares, confirmationLimitMs: limitMs } = input;
  let pauseMs = firstPauseMs;
  // What was accepted earlier may have been changed since.
  let news: 'none yet' | 'event' | 'silence' = isNew ? 'none yet' : 'silence';
  const pause = async (): Promise<boolean> => {
    const isOpen = watched.isOpen();
    const isTold = await watched.nextChange(target, isOpen ? silenceMs : pauseMs, cancellationSignal());
    news = isTold ? 'event' : 'silence';
    if (!isOpen) pauseMs = Math.min(pauseMs * pauseGrowth, longestPauseMs);
    return true;
  };
  const read = async (): Promise<KnativeService | string> => {
    const told = news === 'silence' ? undefined : recallWritten(watched, input);
    if (told !== undefined) return told;
    return news === 'none yet' ? 'nothing has been told of it yet' : readWritten(cluster, input);
  };
  const doubt = await confirmTraffic({ shares, readWritten: read, limitMs, pause });
  if (doubt === undefined) return;
  const written = `traffic of ${formatObjectName(target)} is written (${formatShares(shares)})`;
  const message = `${written} but not confirmed within ${limitMs / 1000} s: ${doubt}`;
  throw failure('NotConfirmed', { message, details: [{ acceptedAtMs }] });
}

/** The service as the last event has it; undefined where that is not after our write, or after another one. */
function recallWritten(watched: WrittenEvents, input: PatchTrafficInput): KnativeService | undefined {
  const service = watched.isOpen() ? watched.recallService(input.target) : undefined;
  return service !== undefined && hasPlan(service, input) ? service : undefined;
}

/** The service with our plan annotation. Another one means that a later decision was written: fails as `Fenced`. */
async function readWritten(cluster: ActivityCluster, input: PatchTrafficInput): Promise<KnativeService> {
  const { target, plan } = input;
  const service = await cluster.readService(target);
  const name = formatObjectName(target);
  if (service === undefined) {
    throw failure('TargetGone', { message: `Knative Service ${name} was deleted after its traffic was written` });
  }
  if (hasPlan(service, input)) return service;
  const found = service.metadata.annotations?.[planAnnotation] ?? 'one without a plan';
  const message = `traffic write ${formatWriteId(plan)} of ${name} was followed by ${found} before it was confirmed`;
  throw fencedFailure(message, defined({ isRestored: isRestored(service, input) }));
}

function hasPlan({ metadata }: KnativeService, { plan }: PatchTrafficInput): boolean {
  return metadata.annotations?.[planAnnotation] === formatWriteId(plan);
}
