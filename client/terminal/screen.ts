import type { Terminal } from './terminal.ts';

const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const clearToEndOfLine = '\u001B[K';
const clearToEndOfScreen = '\u001B[J';
const cursorUp = (lines: number): string => (lines === 0 ? '' : `\u001B[${lines}A`);

/** A part of the terminal that is drawn again in place; what is above it stays. */
export class Screen {
  readonly #terminal: Terminal;
  #drawnLines = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws lines over the ones drawn before. Lines must not be wider than the terminal, nor more than it has rows. */
  draw(lines: readonly string[]): void {
    const { write, control } = this.#terminal;
    control(`${hideCursor}\r${cursorUp(this.#drawnLines)}`);
    for (const line of lines) {
      write(line);
      control(`${clearToEndOfLine}\n`);
    }
    control(clearToEndOfScreen);
    this.#drawnLines = lines.length;
  }

  /** Leaves what is drawn on the terminal; must be called at the end, also after a failure. */
  close(): void {
    this.#terminal.control(showCursor);
  }
}
