import { styleText } from 'node:util';

/** Prints the title of a step. */
export function narrate(text: string): void {
  process.stdout.write(`\n${styleText('bold', `==> ${text}`)}\n`);
}

/** Prints a remark on what has just happened. */
export function note(text: string): void {
  process.stdout.write(`    ${styleText('dim', text)}\n`);
}

/** Prints a command as a user would type it. */
export function showCommand(program: string, args: readonly string[]): void {
  const line = [program, ...args.map(quote)].join(' ');
  process.stdout.write(`  ${styleText('cyan', `$ ${line}`)}\n`);
}

/** Prints the output of a command, indented. */
export function showOutput(output: string): void {
  for (const line of output.trimEnd().split('\n')) process.stdout.write(`    ${line}\n`);
}

function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}
