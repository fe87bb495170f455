import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeEnd, endFailureType } from '../../../activities/commands/command-failure.ts';
import { runProcess } from '../../../activities/commands/run-process.ts';
import type { ProcessRequest } from '../../../activities/commands/run-process.ts';
import { isRunning } from './processes.ts';
import { until } from '../../../sandbox/processes/condition.ts';
import { defaultBounds } from '../../support/access.ts';

const never = new AbortController().signal;

function run(script: string, changes: Partial<ProcessRequest> = {}) {
  const environment = { PATH: process.env['PATH'] ?? '' };
  const request = { command: 'sh', args: ['-c', script], environment, bounds: defaultBounds, limitMs: 20_000 };
  return runProcess({ ...request, signal: never, ...changes });
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
    const places = ['HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'];
    expect(stdout.trim().split('\n')).toEqual([...places, 'PATH', 'SERIN_COMMAND'].toSorted());
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

  test('runs a command in a directory of its own, which is its home, and which is gone afterwards', async () => {
    const kept = 'touch kept; mkdir -p closed/inner && touch closed/inner/file && chmod 500 closed/inner closed';
    const { stdout } = await run(`${kept}; pwd; echo $HOME $TMPDIR; dirname $XDG_CACHE_HOME; dirname $XDG_CONFIG_HOME`);
    const [directory = '', places, cacheHome, configHome] = stdout.split('\n');
    expect(directory).toContain('serin-command-');
    expect([places, cacheHome, configHome]).toEqual([`${directory} ${directory}`, directory, directory]);
    expect(existsSync(directory)).toBe(false);
  });

  test('gives every command another directory', async () => {
    const [first, second] = await Promise.all([run('pwd'), run('pwd')]);
    expect(first.stdout).not.toBe(second.stdout);
  });

  test('kills a command, and all that it has started, when together they hold more memory than they may', async () => {
    const pidFile = join(folder, 'hungry.pid');
    const allocate = 'a = []; setInterval(() => a.push(Buffer.alloc(8 * 1024 * 1024, 1)), 20)';
    const hungry = `"${process.execPath}" -e '${allocate}' & echo $! > ${pidFile}; wait`;
    const memoryBytes = 160 * 1024 * 1024;
    const { outcome } = await run(hungry, { bounds: { memoryBytes, user: undefined } });
    expect(outcome).toEqual({ kind: 'overMemory', memoryBytes });
    expect(isRunning(await pidIn(pidFile))).toBe(false);
    expect(describeEnd({ result: { outcome, stdout: '', stderr: '', isCut: false }, limitMs: 1 })).toBe(
      'was killed at its memory limit of 160 MiB (SERIN_COMMAND_MEMORY)',
    );
  });

  test('lets a command hold as much memory as it may', async () => {
    const script = `"${process.execPath}" -e 'setTimeout(() => {}, 300, Buffer.alloc(64 * 1024 * 1024, 1))'`;
    const { outcome } = await run(script, { bounds: { memoryBytes: 1024 ** 3, user: undefined } });
    expect(outcome).toMatchObject({ kind: 'ended', code: 0 });
  });

  test('shows no argument to those who list processes, but for the command itself', async () => {
    const secret = `--token=${randomUUID()}`;
    const script = `tr '\\0' ' ' < /proc/$PPID/cmdline`;
    const { stdout } = await run('', { args: ['-c', script, 'sh', secret] });
    expect(stdout).toMatch(/guard\.ts $/m);
    expect(stdout).not.toContain(secret);
  });

  test('says so where the arguments are longer than the system takes', async () => {
    const args = Array.from({ length: 40 }, () => 'x'.repeat(100 * 1024));
    const { outcome } = await run('', { command: 'true', args });
    const reason = 'its arguments and environment are together longer than this system takes (E2BIG)';
    expect(outcome).toEqual({ kind: 'notStarted', reason });
    const single = await run('', { command: 'true', args: ['x'.repeat(8 * 1024 * 1024)] });
    expect(single.outcome).toEqual({ kind: 'notStarted', reason });
  });

  test('passes characters that end a line elsewhere', async () => {
    const odd = 'a\u2028b\u2029c\r\nd\u0085e';
    expect((await run('', { command: 'printf', args: ['%s', odd] })).stdout).toBe(odd);
  });

  test.each([
    ['that has an empty environment and a session of its own', 'env -i setsid'],
    ['that was left by its parent, too', 'env -i setsid sh -c \'"$@" & exit\' sh'],
  ])('ends a process %s', async (_, escape) => {
    const pidFile = join(folder, `escaped-${escape.length}.pid`);
    const escaped = `sh -c 'echo $$ > ${pidFile}; cd /; exec sleep 60' >/dev/null 2>&1 </dev/null`;
    const { outcome } = await run(`${escape} ${escaped} & while [ ! -s ${pidFile} ]; do :; done`);
    expect(outcome).toMatchObject({ kind: 'ended', code: 0 });
    await isGone(await pidIn(pidFile));
  });

  test('ends a process that has closed all its files and cleared its environment while its parent is there', async () => {
    const pidFile = join(folder, 'closed.pid');
    const escaped = `sh -c 'exec 3>&-; echo $$ > ${pidFile}; exec sleep 60' >/dev/null 2>&1 </dev/null`;
    await run(`env -i setsid ${escaped} & while [ ! -s ${pidFile} ]; do :; done; sleep 0.5`);
    await isGone(await pidIn(pidFile));
  });

  test.skipIf(process.getuid?.() !== 0)(
    'runs a command as the user that the worker names, who owns its directory',
    async () => {
      const bounds = { ...defaultBounds, user: { uid: 65_534, gid: 65_533 } };
      const directory = mkdtempSync(join(tmpdir(), 'serin-owned-'));
      writeFileSync(join(directory, 'given'), 'for the command', { mode: 0o600 });
      const script =
        'id -u; id -g; id -G; cat given; touch made && ls -ln made | cut -d" " -f3; cat /proc/$PPID/environ';
      const { stdout, outcome, stderr } = await run(script, { bounds, directory });
      expect(stdout).toBe('65534\n65533\n65533\nfor the command65534\n');
      expect({ outcome, stderr }).toMatchObject({
        outcome: { code: 1 },
        stderr: expect.stringContaining('ermission denied'),
      });
      rmSync(directory, { recursive: true });
    },
  );

  test.skipIf(process.getuid?.() !== 0)('ends all of a command of another user, who cannot end its guard', async () => {
    const bounds = { ...defaultBounds, user: { uid: 65_534, gid: 65_534 } };
    const shared = mkdtempSync(join(tmpdir(), 'serin-shared-'));
    chmodSync(shared, 0o777);
    const pidFile = join(shared, 'pid');
    const escaped = `env -i setsid sh -c 'echo $$ > ${pidFile}; exec sleep 60' >/dev/null 2>&1 &`;
    const { outcome, stdout } = await run(`kill -9 $PPID || echo refused; ${escaped} sleep 60`, {
      bounds,
      limitMs: 2_000,
    });
    expect({ outcome, stdout }).toMatchObject({ outcome: { isTimedOut: true }, stdout: 'refused\n' });
    await isGone(await pidIn(pidFile));
    rmSync(shared, { recursive: true });
  });

  test('ends what the command leaves behind in a session of its own', async () => {
    const pidFile = join(folder, 'session.pid');
    await run(`setsid sh -c 'echo $$ > ${pidFile}; sleep 60' & while [ ! -s ${pidFile} ]; do sleep 0.1; done`);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await isGone(pid);
  });

  test('says that it does not know how a command ended whose guard was killed, and ends what is left of it', async () => {
    const pidFile = join(folder, 'unguarded.pid');
    const directoryFile = join(folder, 'unguarded.directory');
    const result = await run(`pwd > ${directoryFile}; echo $$ > ${pidFile}; kill -9 $PPID; sleep 60`);
    expect(result.outcome).toEqual({ kind: 'unknown' });
    expect(endFailureType(result)).toBe('CommandLost');
    expect(describeEnd({ result, limitMs: 1 })).toContain('its end is not known');
    expect(existsSync(readFileSync(directoryFile, 'utf8').trim())).toBe(false);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await isGone(pid);
  });

  test('leaves alone what this process starts for others meanwhile', async () => {
    const runs = Array.from({ length: 12 }, async () => {
      for (let turn = 0; turn < 8; turn += 1) {
        const { outcome } = await run('true');
        expect(outcome).toEqual({ kind: 'ended', code: 0, signal: null, isTimedOut: false });
      }
    });
    await Promise.all(runs);
  });

  test('ends what the command leaves behind in the background', async () => {
    const pidFile = join(folder, 'background.pid');
    await run(`sleep 60 & echo $! > ${pidFile}`);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await isGone(pid);
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
    expect(isRunning(pid)).toBe(false);
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
    expect(isRunning(pid)).toBe(false);
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
    const directoryFile = join(folder, 'orphan.directory');
    const trap = `trap 'echo stopping; echo stopping >&2; touch ${cleaned}; exit 1' TERM`;
    const script = `${trap}; pwd > ${directoryFile}; echo $$ > ${pidFile}`;
    const worker = startWorker(`${script}; while :; do sleep 0.05; done`);
    const pid = await pidIn(pidFile);
    expect(isRunning(pid)).toBe(true);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await isGone(pid);
    expect(existsSync(cleaned)).toBe(true);
    const directory = readFileSync(directoryFile, 'utf8').trim();
    await until({ what: `${directory} to be gone`, limitMs: 20_000 }, () => !existsSync(directory));
  });

  test('stops a command at its limit although its own process is frozen', async () => {
    const pidFile = join(folder, 'frozen.pid');
    const worker = startWorker(`echo $$ > ${pidFile}; while :; do echo output; done`, 2_000);
    const pid = await pidIn(pidFile);
    worker.kill('SIGSTOP');
    await isGone(pid);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  });
});

/** A process that runs a command and does nothing else. */
function startWorker(script: string, limitMs = 60_000) {
  const runner = new URL('../../../activities/commands/run-process.ts', import.meta.url);
  const bounds = defaultBounds;
  const source = `
    import { runProcess } from ${JSON.stringify(runner.href)};
    const environment = { PATH: process.env.PATH };
    const request = ${JSON.stringify({ command: 'sh', args: ['-c', script], bounds, limitMs })};
    await runProcess({ ...request, environment, signal: new AbortController().signal });`;
  return spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'inherit' });
}

async function pidIn(file: string): Promise<number> {
  return until(
    { what: `a process to write ${file}`, limitMs: 20_000 },
    () => Number(readFileSync(file, 'utf8')) || false,
  );
}

async function isGone(pid: number): Promise<void> {
  await until({ what: `process ${pid} to be gone`, limitMs: 20_000 }, () => !isRunning(pid));
}
