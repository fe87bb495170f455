/** A flag of a command line as a program knows it. */
export interface FlagDefinition {
  /** `--values`. */
  readonly name: string;
  /** `-f`. */
  readonly short?: string;
  readonly takes: 'nothing' | 'value';
  /** Why serin does not pass it on; absent: it does. */
  readonly refused?: string;
}

/** A flag as it was given, by its long name; a switch has no value. */
export interface Flag {
  readonly name: string;
  readonly value?: string;
}

export type CommandLine =
  | { readonly kind: 'read'; readonly positional: readonly string[]; readonly flags: readonly Flag[] }
  | { readonly kind: 'refused'; readonly problem: string };

/**
 * Reads words as programs with Go's pflag do: `--flag=value`, `--flag value`, `-f value`, `-fvalue`, `--` before nothing but
 * arguments. What is not in the table is refused: a program that knew it could take the next word for its value.
 */
export function readCommandLine(words: readonly string[], table: readonly FlagDefinition[]): CommandLine {
  const positional: string[] = [];
  const flags: Flag[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') return { kind: 'read', positional: [...positional, ...words.slice(index + 1)], flags };
    if (!word.startsWith('-') || word === '-') {
      positional.push(word);
      continue;
    }
    const reading = readFlag(word, words[index + 1], table);
    if (reading.kind === 'refused') return reading;
    if (reading.flag !== undefined) flags.push(reading.flag);
    if (reading.takesNext) index += 1;
  }
  return { kind: 'read', positional, flags };
}

type FlagReading =
  /** `flag` is undefined for a switch that is switched off. */
  | { readonly kind: 'flag'; readonly flag: Flag | undefined; readonly takesNext: boolean }
  | { readonly kind: 'refused'; readonly problem: string };

function readFlag(word: string, next: string | undefined, table: readonly FlagDefinition[]): FlagReading {
  const { definition, attached } = findFlag(word, table);
  if (definition === undefined) return refused(`${flagName(word)} is not a flag that serin knows`);
  const { name, takes, refused: why } = definition;
  if (why !== undefined) return refused(`\`${name}\` ${why}`);
  if (takes === 'nothing') return readSwitch(name, attached);
  const value = attached ?? next;
  if (value === undefined) return refused(`${name} needs a value`);
  return { kind: 'flag', flag: { name, value }, takesNext: attached === undefined };
}

function readSwitch(name: string, attached: string | undefined): FlagReading {
  if (attached === undefined || attached === 'true') return { kind: 'flag', flag: { name }, takesNext: false };
  if (attached === 'false') return { kind: 'flag', flag: undefined, takesNext: false };
  return refused(`${name} is a switch: expected true or false, got ${JSON.stringify(attached)}`);
}

interface FoundFlag {
  readonly definition: FlagDefinition | undefined;
  /** What follows in the same word. */
  readonly attached?: string;
}

function findFlag(word: string, table: readonly FlagDefinition[]): FoundFlag {
  const isLong = word.startsWith('--');
  const end = isLong ? word.indexOf('=') : 2;
  const name = end === -1 ? word : word.slice(0, end);
  const rest = word.slice(name.length);
  const definition = table.find((one) => (isLong ? one.name : one.short) === name);
  if (rest === '') return { definition };
  return { definition, attached: rest.startsWith('=') ? rest.slice(1) : rest };
}

/** The name of a flag without its value, which may be secret. */
function flagName(word: string): string {
  return word.startsWith('--') ? (word.split('=')[0] ?? word) : word.slice(0, 2);
}

function refused(problem: string): { readonly kind: 'refused'; readonly problem: string } {
  return { kind: 'refused', problem };
}

/** A flag as one word, so that no value can be taken for another flag. */
export function formatFlag({ name, value }: Flag): string {
  return value === undefined ? name : `${name}=${value}`;
}

/** The value that counts where a flag is given several times. */
export function lastValue(flags: readonly Flag[], name: string): string | undefined {
  return flags.findLast((flag) => flag.name === name)?.value;
}

/** Whether a switch is on. */
export function hasFlag(flags: readonly Flag[], name: string): boolean {
  return flags.some((flag) => flag.name === name);
}

/** Linux takes no longer argument than 128 KiB; the rest is for the name of the flag. */
const longestArgumentBytes = 100 * 1024;

/** Why the words are too much for a command line; undefined when they are not. `instead` is what to do with long ones. */
export function oversizedArgument(words: readonly string[], instead: string): string | undefined {
  const index = words.findIndex((word) => utf8Length(word) > longestArgumentBytes);
  if (index === -1) return undefined;
  return `argument ${index + 1} is longer than ${longestArgumentBytes / 1024} KiB, which no program takes: ${instead}`;
}

function utf8Length(text: string): number {
  // A UTF-16 unit takes up to three bytes; an exact count is not needed.
  return /[^ -~\s]/.test(text) ? text.length * 3 : text.length;
}
