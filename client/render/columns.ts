import stringWidth from 'string-width';
import { padEnd } from './text.ts';

const gap = '   ';

/** Column widths that fit all rows. */
export function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))));
}

/** One line as kubectl prints it: left-aligned columns, three spaces apart. */
export function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => padEnd(cell, widths[column] ?? 0))
    .join(gap)
    .trimEnd();
}

/** Rows as kubectl prints them. */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(rows);
  return rows.map((row) => formatRow(row, widths)).join('\n');
}
