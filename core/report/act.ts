import type { RequestKind } from '../planner/requests.ts';

/** What was done in a run beside its observations: by people, to the traffic, by tasks. Times are epoch ms. */
export type Act =
  | {
      readonly kind: 'request';
      readonly atMs: number;
      readonly request: RequestKind;
      /** As the message says it. */
      readonly by?: string;
      readonly reason?: string;
      /** Who it is by a proof; without it the name is only what the message says. */
      readonly verified?: { readonly user: string };
      /** Why it was refused, where whoever made it was told. */
      readonly refused?: string;
    }
  | {
      readonly kind: 'traffic';
      /** When the API server accepted the write. */
      readonly atMs: number;
      readonly shares: readonly { readonly revision: string; readonly percent: number }[];
    }
  | {
      readonly kind: 'task';
      /** When it was begun. */
      readonly atMs: number;
      readonly name: string;
      /** Absent while it goes on. */
      readonly endedAtMs?: number;
      /** Why it failed. */
      readonly failure?: string;
    };
