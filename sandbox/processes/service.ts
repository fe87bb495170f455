import { readFile } from 'node:fs/promises';
import { until } from './condition.ts';
import type { Program } from './messages.ts';
import type { SupervisedProcess, Supervision } from './supervision.ts';

/** A program that listens, can be taken down and brought back with its data and address unchanged. */
export interface Outage {
  /** Starts it again; returns when it answers. */
  start(): Promise<void>;
  /** SIGTERM; returns when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing; returns when the process is stopped. */
  freeze(): Promise<void>;
  /** SIGCONT. */
  thaw(): Promise<void>;
}

export interface ServiceOptions {
  readonly supervision: Supervision;
  readonly program: Program;
  /** Whether it answers. An exception means "not yet". */
  readonly isReady: () => Promise<boolean>;
  readonly readyLimitMs?: number;
  /** Whether it is started again when it ends by itself, as a Deployment would do. */
  readonly restarts?: boolean;
}

// An API server stops listening at once, and then takes its time.
const stopLimitMs = 3_000;

/** A program that is started, stopped and, if wished, restarted; `start` returns when it is ready. */
export class Service implements Outage {
  readonly #options: ServiceOptions;
  #process: SupervisedProcess | undefined;
  #isWanted = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isWanted = true;
    if (this.#process === undefined) await this.#launch();
    await this.#untilReady();
  }

  async stop(): Promise<void> {
    const gone = await this.#end('SIGTERM', stopLimitMs);
    if (!gone) await this.kill();
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL', stopLimitMs);
  }

  async freeze(): Promise<void> {
    const frozen = this.#process;
    if (frozen === undefined) return;
    frozen.signal('SIGSTOP');
    await until({ what: `${this.#options.program.name} to stand still`, limitMs: stopLimitMs }, () =>
      isStill(frozen.pid),
    );
  }

  async thaw(): Promise<void> {
    this.#process?.signal('SIGCONT');
  }

  async #launch(): Promise<void> {
    const launched = await this.#options.supervision.spawn(this.#options.program);
    this.#process = launched;
    void launched.exited.then(() => this.#forget(launched));
  }

  #forget(ended: SupervisedProcess): void {
    if (this.#process !== ended) return;
    this.#process = undefined;
    if (!this.#isWanted || this.#options.restarts !== true) return;
    setTimeout(() => {
      // The sandbox may have stopped meanwhile; then there is nothing to bring back.
      if (this.#isWanted && this.#process === undefined) this.#launch().catch(() => undefined);
    }, 500);
  }

  async #end(signal: NodeJS.Signals, limitMs: number): Promise<boolean> {
    this.#isWanted = false;
    const ending = this.#process;
    if (ending === undefined) return true;
    ending.signal(signal);
    const limit = AbortSignal.timeout(limitMs);
    const limited = new Promise<boolean>((resolve) => limit.addEventListener('abort', () => resolve(false)));
    return Promise.race([ending.exited.then(() => true), limited]);
  }

  async #untilReady(): Promise<void> {
    const { program, isReady, readyLimitMs = 180_000, restarts = false } = this.#options;
    const { ended } = await until({ what: `${program.name} to answer`, limitMs: readyLimitMs }, async () => {
      if (this.#process === undefined && !restarts) return { ended: true };
      return (await isReady()) ? { ended: false } : undefined;
    });
    if (ended) throw new Error(`${program.name} ended while it was starting:\n${await lastLines(program.logFile)}`);
  }
}

/**
 * A service whose clients are started anew when it comes back: left alone they would try again at growing intervals, up to minutes
 * after several outages.
 */
export function withClients(service: Service, clients: readonly Service[]): Outage {
  const restart = async (client: Service): Promise<void> => {
    await client.kill();
    await client.start();
  };
  return withFollowUp(service, async () => {
    await Promise.all(clients.map(restart));
  });
}

/** A part of another service, which is back when that one answers too. */
export function partOf(whole: Service, part: Service): Outage {
  return withFollowUp(part, () => whole.start());
}

function withFollowUp(service: Service, afterStart: () => Promise<void>): Outage {
  return {
    start: async () => {
      await service.start();
      await afterStart();
    },
    stop: () => service.stop(),
    kill: () => service.kill(),
    freeze: () => service.freeze(),
    thaw: () => service.thaw(),
  };
}

/** Whether a process is stopped, by its state: the field after its name in parentheses (proc_pid_stat(5)). */
async function isStill(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

async function lastLines(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-20).join('\n');
}
