export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** A condition in an object's status. */
export interface ReportedCondition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
}

/**
 * The conditions with the wanted states; one that does not change keeps the time of its last transition. Returns the given
 * array itself when nothing changes.
 */
export function merged(
  current: readonly ReportedCondition[],
  wanted: Readonly<Record<string, ConditionStatus>>,
): readonly ReportedCondition[] {
  const isSame = Object.entries(wanted).every(([type, status]) =>
    current.some((it) => it.type === type && it.status === status),
  );
  if (isSame && current.length === Object.keys(wanted).length) return current;
  const lastTransitionTime = new Date().toISOString();
  return Object.entries(wanted).map(([type, status]) => {
    const same = current.find((it) => it.type === type && it.status === status);
    if (same !== undefined) return same;
    return { type, status, lastTransitionTime, ...(status === 'True' ? {} : { reason: 'Queued' }) };
  });
}
