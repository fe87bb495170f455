import type { CommandWords, OptionWords, ProgramWords, Values } from './words.ts';

/** Completion in zsh, as a file of its `fpath` or by `source`. */
export function zshCompletion({ commands, options }: ProgramWords, programs: readonly string[]): string {
  return `#compdef ${programs.join(' ')}
_serin() {
  local -a commands=(
${commands.map(({ name, meaning }) => `    ${quoted(`${name}:${meaning}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe -t commands command commands
    _arguments ${options.map(optionSpec).join(' ')}
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${commands.map(commandCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = _serin ]; then _serin "$@"; else compdef _serin ${programs.join(' ')}; fi
`;
}

function commandCase({ name, options, values }: CommandWords): string {
  const rest = values.kind === 'text' ? [] : [quoted(`*:${action(values)}`)];
  return `    ${name}) _arguments ${[...options.map(optionSpec), ...rest].join(' ')} ;;`;
}

/** As `_arguments` reads it: `(-f --file){-f,--file}[meaning]:value:action`. */
function optionSpec({ names, meaning, values }: OptionWords): string {
  const [long, short] = names;
  const name = short === undefined ? long : `(${short} ${long})'{${short},${long}}'`;
  const value = values === undefined ? '' : `:${action(values)}`;
  return `'${name}${escaped(`[${meaning.replaceAll(/[[\]]/g, '\\$&')}]`)}${value}'`;
}

function action(values: Values): string {
  switch (values.kind) {
    case 'choices':
      return `value:(${values.choices.join(' ')})`;
    case 'file':
      return 'file:_files';
    case 'text':
      return 'value: ';
  }
}

function quoted(text: string): string {
  return `'${escaped(text)}'`;
}

function escaped(text: string): string {
  return text.replaceAll("'", String.raw`'\''`);
}
