/** Identifies a traffic write; among the writes of one run, later sequences win. */
export interface WriteId {
  readonly firstRunId: string;
  readonly sequence: number;
}

/** The value of the plan annotation: `<first run id>/<sequence>`. */
export function formatWriteId({ firstRunId, sequence }: WriteId): string {
  return `${firstRunId}/${sequence}`;
}

/** Parses the value of the plan annotation; undefined for anything that `formatWriteId` does not write. */
export function parseWriteId(annotation: string): WriteId | undefined {
  const match = /^(?<firstRunId>[^/]+)\/(?<sequence>\d{1,15})$/.exec(annotation);
  const { firstRunId, sequence } = match?.groups ?? {};
  return firstRunId === undefined ? undefined : { firstRunId, sequence: Number(sequence) };
}

/** The plan annotation of a restore, whose run id no experiment has: `restore-20261123T100000Z/1`. */
export function formatRestoreId(now: Date): string {
  return `restore-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}/1`;
}

/** Whether the plan annotation is that of a restore: the target has been given 100 % baseline, and taken from its run. */
export function isRestoreId(annotation: string | undefined): boolean {
  return annotation !== undefined && /^restore-\d{8}T\d{6}Z\/1$/.test(annotation);
}

/** A traffic write, and what was found on the target before it. */
export interface MayWriteInput {
  /** The plan annotation on the Knative Service, as it was when its traffic was read. */
  readonly annotation?: string;
  readonly plan: WriteId;
  /** Whether this experiment held the Lease, asked after the annotation was read. */
  readonly leaseIsOurs: boolean;
  /** The annotation that this experiment found when it verified the target: a write of a run that has ended. */
  readonly previousPlan?: string;
}

/** Whether a traffic write may happen. */
export type WritePermission =
  | { readonly kind: 'write' }
  /** An earlier attempt of the same write was accepted: only its confirmation is left. */
  | { readonly kind: 'alreadyWritten' }
  | {
      readonly kind: 'fenced';
      readonly reason: string;
      /** The sequence of the run's own later write, where that is the reason. */
      readonly ownSequence?: number;
    };

/**
 * Decides whether a traffic write may happen, so that an attempt which was frozen, timed out or outlived its run cannot
 * overwrite a later decision.
 */
export function mayWrite({ annotation, plan, leaseIsOurs, previousPlan }: MayWriteInput): WritePermission {
  const found = annotation === undefined ? undefined : (parseWriteId(annotation) ?? annotation);
  if (typeof found === 'object' && found.firstRunId === plan.firstRunId) return inSequence(found, plan);
  if (!leaseIsOurs) return fenced(plan, `the target's Lease is not held by this experiment${lastWriter(annotation)}`);
  const mayTakeOver = plan.sequence === 1 || annotation === previousPlan;
  if (annotation === undefined || mayTakeOver) return { kind: 'write' };
  return fenced(plan, `another run wrote the traffic meanwhile${lastWriter(annotation)}`);
}

/** Whether `mayWrite` depends on the Lease: within a run the sequence alone decides. */
export function needsLease({ annotation, plan }: Pick<MayWriteInput, 'annotation' | 'plan'>): boolean {
  return annotation === undefined || parseWriteId(annotation)?.firstRunId !== plan.firstRunId;
}

function inSequence(found: WriteId, plan: WriteId): WritePermission {
  if (found.sequence < plan.sequence) return { kind: 'write' };
  if (found.sequence === plan.sequence) return { kind: 'alreadyWritten' };
  return {
    ...fenced(plan, `a later write, ${formatWriteId(found)}, has already happened`),
    ownSequence: found.sequence,
  };
}

function fenced(plan: WriteId, reason: string): Extract<WritePermission, { kind: 'fenced' }> {
  return { kind: 'fenced', reason: `traffic write ${formatWriteId(plan)} refused: ${reason}` };
}

function lastWriter(annotation: string | undefined): string {
  return annotation === undefined ? '' : ` (last write: ${annotation})`;
}
