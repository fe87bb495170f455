/** What the guard tells the worker about the command that it ran. */
export type GuardReport =
  | {
      readonly kind: 'ended';
      readonly code: number | null;
      readonly signal: string | null;
      readonly isTimedOut: boolean;
    }
  | { readonly kind: 'notStarted'; readonly reason: string };
