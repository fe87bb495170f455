/** Stands in for core/planner/plan-candidate.ts where a test needs a bug in our own code. */
export function planCandidate(): never {
  const nothing: { readonly verdicts?: readonly string[] } = {};
  // The kind of mistake that the types would refuse, planted on purpose.
  return (nothing.verdicts as readonly string[]).length as never;
}
