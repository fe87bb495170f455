import { isJsonObject } from '../../core/text/json.ts';
import type { ReleaseContent } from './release-content.ts';

/** A template of a chart. */
export interface ChartTemplate {
  readonly name: string;
  readonly text: string;
}

/** The templates of a chart as helm prints it: names, and texts in base64. */
export function readTemplates(chart: unknown): readonly ChartTemplate[] {
  const templates: unknown = isJsonObject(chart) ? chart['templates'] : undefined;
  if (!Array.isArray(templates)) return [];
  return templates.flatMap((template: unknown) => {
    if (!isJsonObject(template) || typeof template['name'] !== 'string' || typeof template['data'] !== 'string')
      return [];
    return [{ name: template['name'], text: Buffer.from(template['data'], 'base64').toString('utf8') }];
  });
}

/** The templates that have rendered something else the second time: random values, or the time of day. */
export function varyingTemplates(first: ReleaseContent, second: ReleaseContent): readonly string[] {
  const [before, after] = [textsByTemplate(first), textsByTemplate(second)];
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all].filter((name) => before.get(name) !== after.get(name));
}

/** The templates that ask for the time of day, in steps that two renderings may not show: a day, an hour. */
export function datedTemplates(templates: readonly ChartTemplate[]): readonly string[] {
  return templates.filter(({ text }) => asksForTime(text)).map(({ name }) => name);
}

/** What each template has rendered; helm names it above each object. */
function textsByTemplate({ manifest, hooks }: ReleaseContent): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const add = (name: string, text: string): void => void texts.set(name, `${texts.get(name) ?? ''}${text}`);
  for (const text of manifest.split(/^---$/m)) add(/^# Source: (.+)$/m.exec(text)?.[1] ?? 'the chart', text);
  for (const { path, manifest: text } of hooks) add(path, text);
  return texts;
}

const comment = /\{\{-?\s*\/\*[\s\S]*?\*\//g;
const action = /\{\{[\s\S]*?\}\}/g;
const quotedText = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/** Whether an action of the template calls `now`. */
function asksForTime(text: string): boolean {
  const actions = text.replaceAll(comment, '{{').match(action) ?? [];
  return actions.some((code) => /(?<![.$\w])now\b/.test(code.replaceAll(quotedText, '""')));
}
