import { readDocuments } from './document.ts';

/**
 * The text of each document, without the marker (`---`) before it; undefined where the markers alone do not separate the
 * documents. Comments before the first marker belong to the first document.
 *
 * No line within a document begins with `---` (https://yaml.org/spec/1.2.2/#912-document-markers).
 */
export function documentTexts(text: string): readonly string[] | undefined {
  const pieces = text.split(/^(?=---(?:\s|$))/m);
  const counts = pieces.map(countDocuments);
  const isPreface = counts[0] === 0 && pieces.length > 1;
  if (!counts.slice(isPreface ? 1 : 0).every((count) => count === 1)) return undefined;
  const bodies = pieces.map((piece) => piece.replace(/^---[^\S\n]*\n?/, ''));
  const [preface = '', first = '', ...others] = bodies;
  return isPreface ? [`${preface}${first}`, ...others] : bodies;
}

function countDocuments(text: string): number | undefined {
  const reading = readDocuments(text, '');
  return reading.kind === 'read' ? reading.documents.length : undefined;
}
