import type { ReleaseContent } from './release-content.ts';

/** The templates that have rendered something else the second time: random values, or the time of day. */
export function varyingTemplates(first: ReleaseContent, second: ReleaseContent): readonly string[] {
  const [before, after] = [textsByTemplate(first), textsByTemplate(second)];
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((name) => before.get(name) !== after.get(name));
}

/** What each template has rendered; helm names it above each object. */
function textsByTemplate({ manifest, hooks }: ReleaseContent): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const add = (name: string, text: string): void => void texts.set(name, `${texts.get(name) ?? ''}${text}`);
  for (const text of manifest.split(/^---$/m)) add(/^# Source: (.+)$/m.exec(text)?.[1] ?? 'the chart', text);
  for (const { path, manifest: text } of hooks) add(path, text);
  return texts;
}
