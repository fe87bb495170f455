import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { visible } from './visible.ts';

/** Where a command reads and writes: the process, or a test. What is written arrives as it is. */
export interface TerminalDevice {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly readInput: () => Promise<Uint8Array>;
  /** One line that the user types. */
  readonly readLine: () => Promise<string>;
  /** The standard output is a screen, and not a file or a pipe. */
  readonly isScreen: boolean;
  readonly size: () => ScreenSize;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user interrupts the command. */
  readonly interrupted: AbortSignal;
}

/** A terminal to which nothing leaves unseen. */
export interface Terminal extends TerminalDevice {
  /** Writes to the standard output: lines end in `\n`, and control characters become escapes, but for our own styles. */
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Moves the cursor, and clears: writes sequences of our own as they are. */
  readonly control: (sequence: string) => void;
}

/** The only way for a command to the device. */
export function visibleTerminal(device: TerminalDevice): Terminal {
  return {
    ...device,
    write: (text) => device.write(visible(text)),
    writeError: (text) => device.writeError(visible(text)),
    control: (sequence) => device.write(sequence),
  };
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** How text may be styled. */
export interface Style {
  readonly color: boolean;
  /** Whether block characters can be shown. */
  readonly unicode: boolean;
}

/**
 * The device of this process. The first Ctrl-C or SIGTERM interrupts the command, the second ends the process; where nobody reads the output
 * any more, as after `| head`, that interrupts the command too.
 */
export function processDevice(): TerminalDevice {
  const interruption = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const interrupt = (): void => {
    for (const signal of signals) process.off(signal, interrupt);
    interruption.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      interrupt();
    });
  }
  return {
    write: (chunk) => void process.stdout.write(chunk),
    writeError: (chunk) => void process.stderr.write(chunk),
    readInput: () => buffer(process.stdin),
    readLine: async () => {
      const lines = createInterface({ input: process.stdin });
      const [line = ''] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
      lines.close();
      return line;
    },
    isScreen: process.stdout.isTTY,
    size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
    env: process.env,
    interrupted: interruption.signal,
  };
}

/** Colours on screens only, never with `NO_COLOR` (https://no-color.org); blocks where the locale is UTF-8. */
export function terminalStyle({ isScreen, env }: TerminalDevice): Style {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return {
    color: isScreen && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    unicode: /utf-?8/i.test(locale),
  };
}
