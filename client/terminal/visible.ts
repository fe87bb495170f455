import { randomInt } from 'node:crypto';
import { visibleText } from '../../core/text/visible.ts';

/** Marks this process's own styles. Nobody who writes manifests or messages can know it. */
const mark = String(randomInt(100_000_000, 1_000_000_000));

const escape = '\u001B';
const style = new RegExp(`${escape}\\[([0-9;]+)m`, 'g');
const ownStyle = new RegExp(`${escape}\\[[0-9;]+;${mark}m`, 'y');

/** Marks the style sequences of a text as our own, so that `visible` keeps them. */
export function markStyles(styled: string): string {
  return styled.replaceAll(style, `${escape}[$1;${mark}m`);
}

/** The text as it may leave to a terminal: hidden characters as escapes, but for our own styles. */
export function visible(text: string): string {
  const escaped = visibleText(text, (index) => {
    ownStyle.lastIndex = index;
    return ownStyle.test(text);
  });
  return escaped.replaceAll(`;${mark}m`, 'm');
}
