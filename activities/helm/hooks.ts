import { isJsonObject } from '../../core/text/json.ts';

/** An object that helm creates at an event of the release, apart from its manifest. */
export interface ReleaseHook {
  /** The template that it comes from. */
  readonly path: string;
  readonly events: readonly string[];
  readonly manifest: string;
}

/**
 * The hooks of a release as helm prints them, in a fixed order. When they ran last, and the policy that helm then notes, are
 * left out: they differ between a release and the rendering that made it.
 */
export function readHooks(printed: unknown): readonly ReleaseHook[] {
  const entries: readonly unknown[] = Array.isArray(printed) ? printed : [];
  return entries.flatMap(readHook).toSorted((a, b) => compareTexts(sortKey(a), sortKey(b)));
}

/** The hooks that an upgrade runs. */
export function upgradeHooks(hooks: readonly ReleaseHook[]): readonly ReleaseHook[] {
  return hooks.filter(({ events }) => events.some((event) => event === 'pre-upgrade' || event === 'post-upgrade'));
}

function readHook(entry: unknown): readonly ReleaseHook[] {
  if (!isJsonObject(entry)) return [];
  const { path, events, manifest } = entry;
  if (typeof manifest !== 'string') return [];
  const names = Array.isArray(events) ? events.filter((event) => typeof event === 'string') : [];
  return [{ path: typeof path === 'string' ? path : '', events: names, manifest }];
}

function sortKey({ path, manifest }: ReleaseHook): string {
  return `${path}\n${manifest}`;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
