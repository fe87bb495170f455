/** The width at which iter8ctl's tables begin to wrap a cell, also in a column that a long word makes wider. */
const wrapWidth = 30;

/** Options of `grid`. */
export interface TableOptions {
  /** Columns are at most this wide unless a single word is wider; 30 if absent. */
  readonly widths?: readonly number[];
}

/**
 * An ASCII grid with row lines, as iter8ctl prints it: headers in upper case and centered, long cells wrapped at words,
 * numbers at the right and everything else at the left.
 */
export function grid(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { widths = [] }: TableOptions = {},
): string {
  const cells = [header.map((title) => title.toUpperCase()), ...rows];
  const limits = header.map((_, column) => widths[column] ?? wrapWidth);
  const wrapped = cells.map((row) => limits.map((limit, column) => wrapCell(row[column] ?? '', limit)));
  const columnWidths = limits.map((limit, column) =>
    Math.max(...cells.map((row) => cellWidth(row[column] ?? '', limit))),
  );
  const line = `+${columnWidths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const body = wrapped.flatMap((row, index) => [...renderRow(row, columnWidths, index === 0 ? center : align), line]);
  return [line, ...body].join('\n');
}

/** Splits text at spaces into lines of at most `width` characters; a longer word keeps a line for itself. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words(text)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.length === 0 ? [''] : lines;
}

/** A word beyond the limit makes room for all lines of its own cell, not for those of others in its column. */
function wrapCell(text: string, limit: number): readonly string[] {
  return wrap(text, Math.max(limit, longestWord(text)));
}

/** A cell that is wrapped takes the whole limit, although its lines may be shorter. */
function cellWidth(text: string, limit: number): number {
  return Math.max(longestWord(text), Math.min(text.length, limit));
}

function longestWord(text: string): number {
  return Math.max(0, ...words(text).map((word) => word.length));
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

type Place = (text: string, width: number) => string;

/** @param columns the lines of each cell */
function renderRow(
  columns: readonly (readonly string[])[],
  widths: readonly number[],
  place: Place,
): readonly string[] {
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, index) => {
    const cells = columns.map((lines, column) => place(lines[index] ?? '', widths[column] ?? 0));
    return `| ${cells.join(' | ')} |`;
  });
}

const align: Place = (text, width) => (/^-?\d+(\.\d+)?$/.test(text) ? text.padStart(width) : text.padEnd(width));

const center: Place = (text, width) => text.padStart(text.length + Math.floor((width - text.length) / 2)).padEnd(width);
