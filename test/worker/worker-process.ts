import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.ts';

/** `worker/main.ts` as a process of its own. */
export interface WorkerProcess {
  readonly signal: (signal: NodeJS.Signals) => void;
  /** What `/readyz` or `/healthz` answers; undefined while nobody listens. */
  readonly probe: (path: '/readyz' | '/healthz') => Promise<Answer | undefined>;
  readonly untilReady: () => Promise<void>;
  /** Its exit code once it has ended. */
  readonly exited: Promise<number | null>;
  /** Standard output, whose lines are JSON objects. */
  readonly log: () => readonly LogLine[];
  readonly stderr: () => string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const main = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));

/** Starts a worker whose environment has nothing but PATH and what is given here. */
export function startWorker(env: Readonly<Record<string, string>>): WorkerProcess {
  const environment = { PATH: process.env['PATH'], SERIN_METRICS_ADDRESS: 'none', ...env };
  const child = spawn(process.execPath, [main], {
    env: { SERIN_HEALTH_ADDRESS: '127.0.0.1:0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const log = (): readonly LogLine[] => stdout.split('\n').slice(0, -1).map(parseLine);

  async function probe(path: string): Promise<Answer | undefined> {
    const address = log().find(({ msg }) => msg === 'health endpoint listens')?.['healthAddress'];
    if (typeof address !== 'string') return undefined;
    const response = await fetch(`http://${address}${path}`).catch(() => undefined);
    if (response === undefined) return undefined;
    return { status: response.status, text: (await response.text()).trimEnd() };
  }

  return {
    signal: (signal) => child.kill(signal),
    probe,
    untilReady: async () => {
      await until('the worker to be ready', async () => {
        if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}:\n${stdout}${stderr}`);
        return (await probe('/readyz'))?.status === 200;
      });
    },
    exited: once(child, 'close').then(([code]: (number | null)[]) => code ?? null),
    log,
    stderr: () => stderr,
  };
}

function parseLine(line: string): LogLine {
  // Fails, and with it the test, where a line is not JSON; the fields are what tests compare.
  return JSON.parse(line) as LogLine;
}
