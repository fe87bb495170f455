import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withProgram } from '../../../client/dev/kept-program.ts';
import type { Program, Supervisor } from '../../../client/dev/kept-program.ts';
import { until } from '../../support/until.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-kept-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A program of Node, and all that is said of it. */
function aProgram(name: string, script: string) {
  const lines: string[] = [];
  const notes: string[] = [];
  const failures: string[] = [];
  const program: Program = {
    name,
    command: process.execPath,
    args: ['-e', script],
    env: { PATH: process.env['PATH'] },
    logFile: join(folder, `${name}.log`),
    readLine: (line) => (lines.push(line), line),
  };
  const supervisor: Supervisor = { note: (text) => notes.push(text), fail: (error) => failures.push(error.message) };
  return { program, supervisor, lines, notes, failures };
}

const untilTerminated = `process.on('SIGTERM', () => { console.log('stopping'); process.exit(0); }); setInterval(() => {}, 1e6);`;

describe('a program that is kept', () => {
  test('is started again when it ends by itself, once it has come up', async () => {
    const { program, supervisor, lines, notes, failures } = aProgram('again', `console.log('run'); ${untilTerminated}`);
    await withProgram(program, supervisor, async (cameUp) => {
      await until('the program to run', async () => lines.length === 1);
      cameUp();
      const [pid] = await childrenOf(process.pid, 'keeper');
      process.kill(pid ?? 0, 'SIGKILL');
      await until('the program to run again', async () => lines.length === 2);
    });
    expect(notes).toEqual([`again has ended, and is started again (log: ${program.logFile})`]);
    expect(failures).toEqual([]);
  });

  test('is not started again when it ends before, and its last lines say why', async () => {
    const { program, supervisor, failures } = aProgram('broken', `console.error('no such port'); process.exit(2)`);
    await withProgram(program, supervisor, () => until('the failure', async () => failures.length > 0));
    expect(failures).toEqual([`broken cannot be started (log: ${program.logFile}):\n  no such port`]);
  });

  test('that is not there is a failure that names it', async () => {
    const { program, supervisor, failures } = aProgram('absent', '');
    await withProgram({ ...program, command: '/nowhere/temporal' }, supervisor, () =>
      until('the failure', async () => failures.length > 0),
    );
    expect(failures).toEqual([expect.stringContaining('spawn /nowhere/temporal ENOENT')]);
  });

  test('ends in its own time at the end, and its log has all that it printed', async () => {
    const { program, supervisor, lines } = aProgram('orderly', `console.log('up'); ${untilTerminated}`);
    await withProgram(program, supervisor, () => until('the program to run', async () => lines.includes('up')));
    expect(lines).toEqual(['up', 'stopping']);
    await until('the log', async () => (await readFile(program.logFile, 'utf8')) === 'up\nstopping\n');
  });
});

/** The ids of the processes that a process has started, and whose arguments have the word. */
async function childrenOf(parent: number, word: string): Promise<readonly number[]> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  const ids = children.trim().split(' ').map(Number);
  const named = await Promise.all(
    ids.map(async (id) => (await readFile(`/proc/${id}/cmdline`, 'utf8')).includes(word)),
  );
  return ids.filter((_, index) => named[index]);
}
