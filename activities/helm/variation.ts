import type { ChartText } from './chart-archive.ts';
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

/** What a template may ask for that can be another later on, although two renderings within seconds are the same. */
interface Changing {
  readonly title: string;
  readonly asked: RegExp;
}

const changing: readonly Changing[] = [
  { title: 'the time (now)', asked: /(?<![.$\w])(?:now|ago)\b/ },
  { title: 'objects of the cluster (lookup)', asked: /(?<![.$\w])lookup\b/ },
  { title: 'the number of the revision of its release (.Release.Revision)', asked: /\.Release\.Revision\b/ },
  { title: 'what the cluster offers (.Capabilities)', asked: /\.Capabilities\b/ },
  // Go's mappings have no order, and one of two entries has the same in every second rendering.
  { title: 'a mapping without an order (keys, values)', asked: /^(?!.*\bsortAlpha\b).*(?<![.$\w])(?:keys|values)\b/s },
];

/** What may be another later on, and the texts of a chart that ask for it. */
export interface ChangingTexts {
  readonly title: string;
  readonly names: readonly string[];
}

/** Everything of `changing` that the texts of a chart ask for. */
export function findChanging(texts: readonly ChartText[]): readonly ChangingTexts[] {
  const actions = texts.map(({ name, text }) => ({ name, codes: readActions(text) }));
  return changing.flatMap(({ title, asked }) => {
    const names = actions.filter(({ codes }) => codes.some((code) => asked.test(code))).map(({ name }) => name);
    return names.length === 0 ? [] : [{ title, names }];
  });
}

const comment = /\{\{-?\s*\/\*[\s\S]*?\*\//g;
const action = /\{\{[\s\S]*?\}\}/g;
const quotedText = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/** The actions of a template, without comments and without quoted texts. */
function readActions(text: string): readonly string[] {
  const actions = text.replaceAll(comment, '{{').match(action) ?? [];
  return actions.map((code) => code.replaceAll(quotedText, '""'));
}
