import type { CommandWords, OptionWords, ProgramWords, Values } from './words.ts';

/** Completion in bash, from 3.2 on, without the package bash-completion. */
export function bashCompletion({ commands, options }: ProgramWords, programs: readonly string[]): string {
  const first = [...commands.map(({ name }) => name), ...longNames(options)];
  return `# bash completion for ${programs.join(', ')}
_serin() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words='${first.join(' ')}'
  else
    case "\${COMP_WORDS[1]} $previous" in
${commands.flatMap(valueCases).join('\n')}
    *)
      case "\${COMP_WORDS[1]} $current" in
${commands.flatMap(wordCases).join('\n')}
      esac
      ;;
    esac
  fi
  if [ "$words" = FILES ]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _serin ${programs.join(' ')}
`;
}

/** What follows an option that takes a value: one case for all of a command that take the same. */
function valueCases({ name, options }: CommandWords): readonly string[] {
  const patterns = options.flatMap(({ names, values }) =>
    values === undefined ? [] : names.map((option) => ({ pattern: `'${name} ${option}'`, words: assignment(values) })),
  );
  return [...Map.groupBy(patterns, ({ words }) => words)].map(
    ([words, cases]) => `    ${cases.map(({ pattern }) => pattern).join(' | ')}) ${words} ;;`,
  );
}

/** What else the command takes: options once a dash is typed, and its arguments. */
function wordCases({ name, options, values }: CommandWords): readonly string[] {
  const all = longNames(options).join(' ');
  const cases = [`      '${name} '-*) words='${all}' ;;`];
  const others = values.kind === 'text' ? `words='${all}'` : assignment(values);
  return [...cases, `      '${name} '*) ${others} ;;`];
}

function assignment(values: Values): string {
  switch (values.kind) {
    case 'choices':
      return `words='${values.choices.join(' ')}'`;
    case 'file':
      return 'words=FILES';
    case 'text':
      return "words=''";
  }
}

function longNames(options: readonly OptionWords[]): readonly string[] {
  return options.map(({ names: [long] }) => long);
}
