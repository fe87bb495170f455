/**
 * Runs a program that cannot outlive the process that asked for it. Run as `node keeper.ts PROGRAM ARGUMENTS…`, in a process group of
 * its own, with a pipe as standard input: when that ends, the asking process is gone, and the whole group is killed. SIGTERM is handed
 * on to the program; its exit code is the keeper's.
 */
import { spawn } from 'node:child_process';

const [program = '', ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });

process.on('SIGTERM', () => child.kill('SIGTERM'));
process.stdin.on('end', killGroup).on('error', killGroup).resume();
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code) => process.exit(code ?? 1));

function killGroup(): void {
  process.kill(-process.pid, 'SIGKILL');
}
