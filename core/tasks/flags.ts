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

/** What a word of a command line says, and the place of the word, from 0. */
export interface Placed<T> {
  readonly said: T;
  readonly index: number;
}

/** Why a command line is refused, and the place of the word that is the reason; absent where one is missing. */
export interface CommandRefusal {
  readonly problem: string;
  readonly index?: number;
}

export type CommandLine =
  | {
      readonly kind: 'read';
      readonly positional: readonly Placed<string>[];
      /** Each with the place of its value. */
      readonly flags: readonly Placed<Flag>[];
    }
  | ({ readonly kind: 'refused' } & CommandRefusal);

/**
 * Reads words as programs with Go's pflag do: `--flag=value`, `--flag value`, `-f value`, `-fvalue`, `--` before nothing but
 * arguments. What is not in the table is refused: a program that knew it could take the next word for its value. So is an
 * argument that begins with a dash: no name does, and a program that is called in another way could take it for a flag.
 */
export function readCommandLine(words: readonly string[], table: readonly FlagDefinition[]): CommandLine {
  const positional: Placed<string>[] = [];
  const flags: Placed<Flag>[] = [];
  let isAfterFlags = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) {
      positional.push({ said: word, index });
    } else if (word === '--' && !isAfterFlags) {
      isAfterFlags = true;
    } else if (word === '-' || isAfterFlags) {
      return { ...refused(`the argument ${JSON.stringify(word)} begins with a dash`), index };
    } else {
      const reading = readFlag(word, words[index + 1], table);
      if (reading.kind === 'refused') return { ...reading, index };
      if (reading.takesNext) index += 1;
      if (reading.flag !== undefined) flags.push({ said: reading.flag, index });
    }
  }
  return { kind: 'read', positional, flags };
}

/** A refusal as one sentence, with the place of the word: `args[3]: --watch is not a flag that serin knows`. */
export function describeRefusal({ problem, index }: CommandRefusal): string {
  return index === undefined ? problem : `args[${index}]: ${problem}`;
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
export function oversizedArgument(words: readonly string[], instead: string): CommandRefusal | undefined {
  const index = words.findIndex((word) => utf8Length(word) > longestArgumentBytes);
  if (index === -1) return undefined;
  const problem = `an argument longer than ${longestArgumentBytes / 1024} KiB, which no program takes: ${instead}`;
  return { problem, index };
}

function utf8Length(text: string): number {
  // A UTF-16 unit takes up to three bytes; an exact count is not needed.
  return /[^ -~\s]/.test(text) ? text.length * 3 : text.length;
}
