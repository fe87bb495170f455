import type { SandboxOptions } from '../options.ts';

/** Temporal's dynamic configuration where it is not the default. */
export function dynamicConfiguration({ continueAsNewAfter }: SandboxOptions): Readonly<Record<string, number>> {
  return continueAsNewAfter === undefined ? {} : { 'limit.historyCount.suggestContinueAsNew': continueAsNewAfter };
}
