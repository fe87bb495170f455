import { stripVTControlCharacters, styleText } from 'node:util';
import stringWidth from 'string-width';
import { markStyles } from '../terminal/visible.ts';
import type { Style } from '../terminal/terminal.ts';

export type Format = Parameters<typeof styleText>[0];

/** Text in a colour, or as it is where colours are off. */
export function paint(text: string, format: Format, { color }: Style): string {
  if (!color) return text;
  // Only the sequences around the text are ours.
  const [begin = '', end = ''] = styleText(format, '|', { validateStream: false }).split('|');
  return `${markStyles(begin)}${text}${markStyles(end)}`;
}

/** Pads at the end to a width in terminal cells, as styled text and wide characters take them. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** Pads at the start to a width in terminal cells. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text))) + text;
}

/** Text in one line of at most `width` cells; what does not fit is cut and ends in `..`. Styles stay balanced. */
export function truncate(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const room = Math.max(0, width - 2);
  let used = 0;
  let isFull = false;
  // Style sequences take no room, and those that end a style are needed even after the cut.
  return text.replaceAll(stylesAndCharacters, (part) => {
    if (part.startsWith(escapeCharacter)) return part;
    if (isFull) return '';
    used += stringWidth(part);
    isFull = used > room;
    return isFull ? '..' : part;
  });
}

const escapeCharacter = '\u001B';
const stylesAndCharacters = new RegExp(`${escapeCharacter}\\[[0-9;]*m|.`, 'gsu');

/** Text in one line without control sequences, so that text from users and clusters cannot control the terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, ' ');
}
