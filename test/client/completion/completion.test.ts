import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { shells } from '../../../client/completion/shells.ts';
import { runSerin } from '../serin-environment.ts';

const run = promisify(execFile);

async function script(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runSerin(['completion', shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

function isInstalled(shell: string): boolean {
  try {
    return execFileSync(shell, ['-c', 'echo here'], { encoding: 'utf8' }) === 'here\n';
  } catch {
    return false;
  }
}

test.each(shells.filter(isInstalled))('%s can read its script', async (shell) => {
  const directory = await mkdtemp(join(tmpdir(), 'serin-completion-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'script');
  await writeFile(file, await script(shell));
  expect(await run(shell, ['-n', file])).toEqual({ stdout: '', stderr: '' });
});

test('a shell that is not known is refused, with those that are', async () => {
  expect(await runSerin(['completion', 'csh'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('Allowed choices are bash, zsh, fish.'),
  });
});

describe('bash completes', () => {
  /** What bash offers for the last word of a command line. */
  const complete = async (line: string): Promise<readonly string[]> => {
    const words = line.split(' ');
    const typing = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`;
    const program = `${await script('bash')}\n${typing}; _serin; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['--norc', '-c', program]);
    return stdout.split('\n').filter(Boolean);
  };

  test.each([
    ['serin re', ['reject', 'resume', 'restore', 'report']],
    ['serin --v', ['--version']],
    ['serin lint --', ['--output', '--file', '--namespace', '--help']],
    ['serin get --outcome R', ['RolledBack']],
    ['serin get -o ', ['text', 'wide', 'json', 'yaml']],
    ['serin completion ', ['bash', 'zsh', 'fish']],
    ['serin lint -f tsconfig.b', ['tsconfig.build.json']],
    ['serin get --target ', []],
  ])('%j', async (line, expected) => {
    expect(await complete(line)).toEqual(expected);
  });
});
