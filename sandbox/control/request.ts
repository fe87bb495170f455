import type { Fault, FaultyRevision } from '../faults/fault.ts';

export const outageParts = ['api-server', 'prometheus', 'temporal'] as const;
export type OutagePart = (typeof outageParts)[number];

export const outageActions = ['start', 'stop', 'kill', 'freeze', 'thaw'] as const;
export type OutageAction = (typeof outageActions)[number];

/** A request to a running sandbox from another process. */
export type ControlRequest =
  | { readonly kind: 'faults'; readonly revision: FaultyRevision; readonly faults: readonly Fault[] }
  | { readonly kind: 'outage'; readonly part: OutagePart; readonly action: OutageAction };
