import { parse } from 'acorn';

/** What must stay: terms of licences, and the source map. */
const kept = /@license|@preserve|copyright|sourceMappingURL=/i;

/** The code of a script without its comments. Lines stay where they are, so that its source map holds. */
export function withoutComments(code: string): string {
  const parts: string[] = [];
  let from = 0;
  const onComment = (_isBlock: boolean, text: string, start: number, end: number): void => {
    if (kept.test(text)) return;
    // A comment between two words is a space.
    parts.push(code.slice(from, start), '\n'.repeat(text.split('\n').length - 1) || ' ');
    from = end;
  };
  parse(code, { ecmaVersion: 'latest', sourceType: 'script', onComment });
  return [...parts, code.slice(from)].join('');
}
