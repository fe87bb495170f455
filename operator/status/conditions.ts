import { formatTimestamp } from '../../core/text/instant.ts';

/** iter8's three conditions, and the two that `kubectl wait` and other tools look for. */
const conditionTypes = ['Completed', 'Failed', 'TargetAcquired', 'Ready', 'Progressing'] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** The current value of a condition. */
export interface Mark {
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word, for programs. */
  readonly reason: string;
  readonly message: string;
}

/** A condition of a Kubernetes object; the time is that of the latest change of its status, RFC 3339. */
export interface StatusCondition extends Mark {
  readonly type: ConditionType;
  readonly lastTransitionTime: string;
}

export type Marks = Readonly<Partial<Record<ConditionType, Mark>>>;

/** Sets the marked conditions and keeps the others; a condition that stays as it is keeps its time. */
export function withMarks(
  conditions: readonly StatusCondition[],
  marks: Marks,
  nowMs: number,
): readonly StatusCondition[] {
  return conditionTypes.flatMap((type): readonly StatusCondition[] => {
    const known = conditions.find((condition) => condition.type === type);
    const mark = marks[type];
    if (mark === undefined) return known === undefined ? [] : [known];
    const isSame = known?.status === mark.status;
    return [{ type, ...mark, lastTransitionTime: isSame ? known.lastTransitionTime : formatTimestamp(nowMs) }];
  });
}

export function findCondition(
  conditions: readonly StatusCondition[],
  type: ConditionType,
): StatusCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}
