import type { Argument, Command, Option } from 'commander';

/** What may be typed in one place. */
export type Values =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'file' }
  /** Only the user knows it. */
  | { readonly kind: 'text' };

export interface OptionWords {
  /** The long name first, with their dashes. */
  readonly names: readonly [long: string, short?: string];
  readonly meaning: string;
  /** Undefined: it takes no value. */
  readonly values: Values | undefined;
}

export interface CommandWords {
  readonly name: string;
  readonly meaning: string;
  readonly options: readonly OptionWords[];
  /** Of its arguments. */
  readonly values: Values;
}

/** The words that a command line may have, as a shell completes them. */
export interface ProgramWords {
  readonly commands: readonly CommandWords[];
  readonly options: readonly OptionWords[];
}

/** Reads the words of a program from its commands. */
export function readWords(root: Command): ProgramWords {
  return { commands: root.commands.map(readCommand), options: readOptions(root) };
}

function readCommand(command: Command): CommandWords {
  const [argument] = command.registeredArguments;
  const values: Values = argument === undefined ? { kind: 'text' } : readValues(argument, argument.name());
  return { name: command.name(), meaning: command.description(), options: readOptions(command), values };
}

function readOptions(command: Command): readonly OptionWords[] {
  return command.createHelp().visibleOptions(command).flatMap(readOption);
}

function readOption(option: Option): readonly OptionWords[] {
  const { long, short, description, required, flags } = option;
  if (long === undefined) return [];
  const [, placeholder = ''] = /<(.+)>/.exec(flags) ?? [];
  const values = required ? readValues(option, placeholder) : undefined;
  return [{ names: short === undefined ? [long] : [long, short], meaning: description, values }];
}

function readValues({ argChoices }: Pick<Option | Argument, 'argChoices'>, placeholder: string): Values {
  if (argChoices !== undefined) return { kind: 'choices', choices: argChoices };
  return { kind: placeholder === 'file' ? 'file' : 'text' };
}
