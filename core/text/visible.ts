/** Control characters but for tab and line feed, and the characters that reorder, join or hide others, or break lines. */
const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text with hidden characters as escapes, `\u001b`; `keeps` says which of them, by their index, stay. */
export function visibleText(text: string, keeps: (index: number) => boolean = () => false): string {
  return text.replaceAll(hidden, (character, index: number) => (keeps(index) ? character : escapeCharacter(character)));
}

/** As JSON and double-quoted YAML write it. */
function escapeCharacter(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => {
    return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** A plain value with all its texts visible; keys stay as they are. */
export function withVisibleTexts(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value);
  if (Array.isArray(value)) return value.map(withVisibleTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withVisibleTexts(part)]));
}
