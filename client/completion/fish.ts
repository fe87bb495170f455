import type { CommandWords, OptionWords, ProgramWords, Values } from './words.ts';

/** Completion in fish. */
export function fishCompletion({ commands, options }: ProgramWords, programs: readonly string[]): string {
  return `${programs.flatMap((program) => programLines(program, { commands, options })).join('\n')}\n`;
}

function programLines(program: string, { commands, options }: ProgramWords): readonly string[] {
  const complete = `complete -c ${program}`;
  const first = `${complete} -n __fish_use_subcommand`;
  return [
    `${complete} -f`,
    ...commands.map(({ name, meaning }) => `${first} -a ${name} -d ${quoted(meaning)}`),
    ...options.map((option) => `${first} ${optionWords(option)}`),
    ...commands.flatMap((command) => commandLines(complete, command)),
  ];
}

function commandLines(complete: string, { name, options, values }: CommandWords): readonly string[] {
  const begin = `${complete} -n '__fish_seen_subcommand_from ${name}'`;
  const rest = values.kind === 'text' ? [] : [`${begin} ${argumentFlags(values)}`];
  return [...options.map((option) => `${begin} ${optionWords(option)}`), ...rest];
}

function optionWords({ names: [long, short], meaning, values }: OptionWords): string {
  const name = `-l ${long.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`;
  return `${name} -d ${quoted(meaning)}${values === undefined ? '' : ` ${valueFlags(values)}`}`;
}

/** Of an option: with `-x` it needs a value, which is no file. */
function valueFlags(values: Values): string {
  return values.kind === 'file' ? '-r -F' : `-x ${argumentFlags(values)}`.trimEnd();
}

function argumentFlags(values: Values): string {
  switch (values.kind) {
    case 'choices':
      return `-a ${quoted(values.choices.join(' '))}`;
    case 'file':
      return '-F';
    case 'text':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
