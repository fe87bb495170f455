import { readChartTexts } from './chart-archive.ts';
import type { ChartText } from './chart-archive.ts';

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

/** What the texts of a chart, of which this is the archive in base64, ask for that may be another later on. */
export function findChangingTexts(archive: string): readonly ChangingTexts[] {
  return findChanging(readChartTexts(Buffer.from(archive, 'base64')));
}

/** What texts of a chart ask for that may be another later on. */
export function findChanging(texts: readonly ChartText[]): readonly ChangingTexts[] {
  const actions = texts.map(({ name, text }) => ({ name, codes: readActions(text) }));
  return changing.flatMap(({ title, asked }) => {
    const names = actions.filter(({ codes }) => codes.some((code) => asked.test(code))).map(({ name }) => name);
    return names.length === 0 ? [] : [{ title, names }];
  });
}

const quotedText = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/** Characters of an action that are looked at: none that people write is longer. */
const longestAction = 10_000;

/** The actions of a template, without comments and without quoted texts. Reads the text once, whatever it is. */
function readActions(text: string): readonly string[] {
  const actions: string[] = [];
  for (let at = text.indexOf('{{'); at !== -1;) {
    const isComment = /^\{\{-?\s?\/\*/.test(text.slice(at, at + 6));
    const end = text.indexOf(isComment ? '*/' : '}}', at + 2);
    if (end === -1) break;
    if (!isComment) actions.push(text.slice(at, Math.min(end, at + longestAction)).replaceAll(quotedText, '""'));
    at = text.indexOf('{{', end + 2);
  }
  return actions;
}
