import headless from '@xterm/headless';
import type { IBufferCell } from '@xterm/headless';

/** A piece of a program's output, and when it came; seconds. */
export interface Chunk {
  readonly atSeconds: number;
  readonly text: string;
}

/** A piece of a line that looks the same throughout. */
export interface Span {
  readonly column: number;
  readonly text: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
  /** One of the terminal's 16 colours; absent for the usual one. */
  readonly colour?: number;
}

/** What the screen shows from a moment on. */
export interface Frame {
  readonly atSeconds: number;
  readonly lines: readonly (readonly Span[])[];
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Output that comes this close together is one change of the screen. */
const togetherSeconds = 0.15;

/** What a terminal of this size shows while it is given the output. */
export async function makeFrames(chunks: readonly Chunk[], { columns, rows }: ScreenSize): Promise<readonly Frame[]> {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
  const frames: Frame[] = [];
  for (const [index, { atSeconds, text }] of chunks.entries()) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    const next = chunks[index + 1];
    if (next !== undefined && next.atSeconds - atSeconds < togetherSeconds) continue;
    const lines = Array.from({ length: rows }, (_, row) => readLine(terminal, row, columns));
    if (JSON.stringify(lines) !== JSON.stringify(frames.at(-1)?.lines)) frames.push({ atSeconds, lines });
  }
  terminal.dispose();
  return frames;
}

function readLine({ buffer }: headless.Terminal, row: number, columns: number): readonly Span[] {
  const line = buffer.active.getLine(buffer.active.baseY + row);
  const spans: Span[] = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    if (cell === undefined) continue;
    const span = { column, text: cell.getChars() || ' ', ...look(cell) };
    const last = spans.at(-1);
    if (last !== undefined && isAlike(last, span)) spans[spans.length - 1] = { ...last, text: last.text + span.text };
    else spans.push(span);
  }
  return spans.filter(({ text }) => text.trim() !== '').map((span) => ({ ...span, text: span.text.trimEnd() }));
}

function look(cell: IBufferCell): Pick<Span, 'isBold' | 'isDim' | 'colour'> {
  const style = { isBold: cell.isBold() !== 0, isDim: cell.isDim() !== 0 };
  return cell.isFgPalette() ? { ...style, colour: cell.getFgColor() } : style;
}

function isAlike(a: Span, b: Span): boolean {
  return a.isBold === b.isBold && a.isDim === b.isDim && a.colour === b.colour;
}
