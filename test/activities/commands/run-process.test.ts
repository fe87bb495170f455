import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runProcess } from '../../../activities/commands/run-process.ts';
import type { ProcessRequest } from '../../../activities/commands/run-process.ts';

const never = new AbortController().signal;

function run(script: string, changes: Partial<ProcessRequest> = {}) {
  const environment = { PATH: process.env['PATH'] ?? '' };
  return runProcess({ command: 'sh', args: ['-c', script], environment, limitMs: 20_000, signal: never, ...changes });
}

/** A process that has ended but that nobody waited for yet is gone, too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('runProcess', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-run-process-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('returns the exit code and both outputs', async () => {
    const result = await run('echo out; echo err >&2; exit 3');
    expect(result).toEqual({
      outcome: { kind: 'ended', code: 3, signal: null, isTimedOut: false },
      stdout: 'out\n',
      stderr: 'err\n',
      isCut: false,
    });
  });

  test('passes arguments as they are, without a shell', async () => {
    const { stdout } = await run('', { command: 'printf', args: ['%s|', '$HOME; rm -rf x', '`id`', ''] });
    expect(stdout).toBe('$HOME; rm -rf x|`id`||');
  });

  test('shows the command only the environment that it is given, and the mark by which it is found again', async () => {
    const { stdout } = await run('env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e ^_ | sort', {});
    expect(stdout).toBe('PATH\nSERIN_COMMAND\n');
  });

  test('keeps the end of a long output', async () => {
    const { stdout, isCut } = await run('seq 1 20000');
    expect(Buffer.byteLength(stdout)).toBe(8192);
    expect(stdout.endsWith('19999\n20000\n')).toBe(true);
    expect(isCut).toBe(true);
  });

  test('says why a command could not be started', async () => {
    const { outcome } = await run('', { command: 'no-such-command' });
    expect(outcome).toEqual({ kind: 'notStarted', reason: 'spawn no-such-command ENOENT' });
  });

  test('stops a command at its limit', async () => {
    const { outcome } = await run('sleep 60', { limitMs: 300 });
    expect(outcome).toEqual({ kind: 'ended', code: null, signal: 'SIGTERM', isTimedOut: true });
  });

  test('ends what the command leaves behind in a session of its own', async () => {
    const pidFile = join(folder, 'session.pid');
    await run(`setsid sh -c 'echo $$ > ${pidFile}; sleep 60' & while [ ! -s ${pidFile} ]; do sleep 0.1; done`);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  });

  test('says that it does not know how a command ended whose guard was killed, and ends what is left of it', async () => {
    const pidFile = join(folder, 'unguarded.pid');
    const { outcome } = await run(`echo $$ > ${pidFile}; kill -9 $PPID; sleep 60`);
    expect(outcome).toEqual({ kind: 'unknown' });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  });

  test('ends what the command leaves behind in the background', async () => {
    const pidFile = join(folder, 'background.pid');
    await run(`sleep 60 & echo $! > ${pidFile}`);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  });

  test('stops the command when it is cancelled, and rejects with the reason when the process is gone', async () => {
    const pidFile = join(folder, 'cancelled.pid');
    const stopped = join(folder, 'stopped');
    const cancellation = new AbortController();
    const running = run(
      `trap 'echo bye > ${stopped}; exit 1' TERM; echo $$ > ${pidFile}; while :; do sleep 0.05; done`,
      {
        signal: cancellation.signal,
      },
    );
    const pid = await pidIn(pidFile);
    const reason = new Error('aborted');
    cancellation.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(stopped)).toBe(true);
  });

  test('kills a command that ignores SIGTERM', async () => {
    const pidFile = join(folder, 'stubborn.pid');
    const cancellation = new AbortController();
    const running = run(`trap '' TERM; echo $$ > ${pidFile}; while :; do sleep 0.05; done`, {
      signal: cancellation.signal,
    });
    const pid = await pidIn(pidFile);
    cancellation.abort(new Error('aborted'));
    await expect(running).rejects.toThrow('aborted');
    expect(isAlive(pid)).toBe(false);
  });

  test('does not start anything once it is cancelled', async () => {
    const trace = join(folder, 'trace');
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(run(`touch ${trace}`, { signal })).rejects.toThrow('too late');
    expect(existsSync(trace)).toBe(false);
  });

  test('leaves no command behind when its own process is killed, and lets it clean up', async () => {
    const pidFile = join(folder, 'orphan.pid');
    const cleaned = join(folder, 'cleaned');
    // Like helm, it says that it stops before it cleans up; nobody reads that any more.
    const script = `trap 'echo stopping; echo stopping >&2; touch ${cleaned}; exit 1' TERM; echo $$ > ${pidFile}`;
    const worker = startWorker(`${script}; while :; do sleep 0.05; done`);
    const pid = await pidIn(pidFile);
    expect(isAlive(pid)).toBe(true);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 });
    expect(existsSync(cleaned)).toBe(true);
  });

  test('stops a command at its limit although its own process is frozen', async () => {
    const pidFile = join(folder, 'frozen.pid');
    const worker = startWorker(`echo $$ > ${pidFile}; while :; do echo output; done`, 2_000);
    const pid = await pidIn(pidFile);
    worker.kill('SIGSTOP');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 });
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  });
});

/** A process that runs a command and does nothing else. */
function startWorker(script: string, limitMs = 60_000) {
  const runner = new URL('../../../activities/commands/run-process.ts', import.meta.url);
  const source = `
    import { runProcess } from ${JSON.stringify(runner.href)};
    const environment = { PATH: process.env.PATH };
    const request = ${JSON.stringify({ command: 'sh', args: ['-c', script], limitMs })};
    await runProcess({ ...request, environment, signal: new AbortController().signal });`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'inherit' });
}

async function pidIn(file: string): Promise<number> {
  return vi.waitFor(
    () => {
      const pid = Number(readFileSync(file, 'utf8'));
      expect(pid).toBeGreaterThan(0);
      return pid;
    },
    { timeout: 10_000 },
  );
}
