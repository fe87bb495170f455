import { spawnSync } from 'node:child_process';

/** A program with its arguments, as no shell reads them. */
export type Command = readonly [program: string, ...args: readonly string[]];

/** Runs a command in sight of the user, with `input` as its standard input. @throws Error that names the command, when it fails. */
export function runCommand([program, ...args]: Command, directory: string, input = ''): void {
  process.stderr.write(`$ ${formatCommand([program, ...args])}\n`);
  const { status, error } = spawnSync(program, args, { cwd: directory, input, stdio: ['pipe', 'inherit', 'inherit'] });
  if (status !== 0) throw failed([program, ...args], error);
}

/** What a command prints. @throws Error that names the command, when it fails. */
export function readCommand([program, ...args]: Command, directory: string): string {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw failed([program, ...args], error);
  return stdout;
}

export function formatCommand(command: Command): string {
  return command.map((word) => (/^[\w./:=@,+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

function failed(command: Command, cause: Error | undefined): Error {
  return new Error(`\`${formatCommand(command)}\` failed${cause === undefined ? '' : `: ${cause.message}`}`);
}
