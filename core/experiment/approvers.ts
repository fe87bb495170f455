/** A person whose name somebody has verified, with all groups. */
export interface VerifiedPerson {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Who may approve a promotion; their names are verified. At least one user or group. */
export interface Approvers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** How many different people must approve. */
  readonly count: number;
}

/** What becomes of a promotion about which nobody has decided in time. */
export const approvalLimitPolicies = ['rollback', 'promote'] as const;
export type ApprovalLimitPolicy = (typeof approvalLimitPolicies)[number];

/** As what a person may approve: by name, or as a member of a group; undefined for anybody else. */
export function findApprover(
  { users, groups }: Approvers,
  person: VerifiedPerson,
): { readonly user: string; readonly group?: string } | undefined {
  if (users.includes(person.user)) return { user: person.user };
  const group = groups.find((name) => person.groups.includes(name));
  return group === undefined ? undefined : { user: person.user, group };
}

/** `2 of ann, bob, group:sre`, as it is written in an annotation. */
export function formatApprovers({ users, groups, count }: Approvers): string {
  const names = [...users, ...groups.map((group) => `${groupPrefix}${group}`)].join(', ');
  return count === 1 ? names : `${count} of ${names}`;
}

/** Before the name of a group. */
const groupPrefix = 'group:';

/** Reads `2 of ann, bob, group:sre`; undefined for anything else. */
export function parseApprovers(text: string): Approvers | undefined {
  const [, counted, listed = ''] = /^(?: *(\d{1,3}) +of +)?(.*)$/s.exec(text) ?? [];
  const names = listed.split(',').map((name) => name.trim());
  const groups = names.filter((name) => name.startsWith(groupPrefix)).map((name) => name.slice(groupPrefix.length));
  const users = names.filter((name) => !name.startsWith(groupPrefix));
  const approvers = { users, groups, count: Number(counted ?? 1) };
  return [...users, ...groups].some((name) => name === '') ? undefined : approvers;
}

/** Whether the people who are named can approve: with a group there is no telling how many they are. */
export function areEnough({ users, groups, count }: Approvers): boolean {
  return count >= 1 && (groups.length > 0 || new Set(users).size >= count);
}
