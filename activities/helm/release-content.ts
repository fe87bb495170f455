import type { ReleaseHook } from './hooks.ts';

/** What a revision of a release is made of. */
export interface ReleaseContent {
  /** The user's values, not the chart's defaults. */
  readonly config: unknown;
  readonly manifest: string;
  readonly hooks: readonly ReleaseHook[];
}
