import type { Style } from '../terminal/terminal.ts';
import { paint } from './text.ts';
import type { Format } from './text.ts';

/**
 * A share of 100 % as a bar of `width` cells; a share above 0 fills at least one cell, one below 100 leaves at least one
 * empty.
 */
export function bar(percent: number, width: number, { style, format }: { style: Style; format: Format }): string {
  const filled = filledCells(percent, width);
  const [full, empty] = style.unicode ? ['█', '░'] : ['#', '-'];
  return paint(full.repeat(filled), format, style) + paint(empty.repeat(width - filled), 'dim', style);
}

function filledCells(percent: number, width: number): number {
  if (percent <= 0) return 0;
  if (percent >= 100) return width;
  return Math.min(width - 1, Math.max(1, Math.round((percent / 100) * width)));
}
