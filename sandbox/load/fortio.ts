import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Base } from '../base.ts';

/** Requests to one host of the gateway, at a steady rate. */
export interface Load {
  /** The host of the Knative Service: `sample-app.default.example.com`. */
  readonly host: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestsPerSecond: number;
  readonly durationMs: number;
  /** Connections, each with one request at a time. Default 4. */
  readonly connections?: number;
  /** The time after which a request counts as lost. Default 3000. */
  readonly requestTimeoutMs?: number;
  /** Ends the load early; what was sent by then is reported. */
  readonly signal?: AbortSignal;
}

export interface LoadResult {
  readonly total: number;
  /** Number of answers by status; -1 stands for no answer. */
  readonly byStatus: Readonly<Record<string, number>>;
}

interface FortioReport {
  readonly RetCodes: Readonly<Record<string, number>>;
}

let runs = 0;

/** Runs Fortio; an open connection that the gateway closes, or a refused one, is counted, not thrown. */
export async function sendLoad(base: Base, gatewayUrl: string, load: Load): Promise<LoadResult> {
  load.signal?.throwIfAborted();
  const report = join(base.stateDirectory, `fortio-${++runs}.json`);
  const program = await base.supervision.spawn(
    base.program(`fortio-${runs}`, base.tools.fortio, fortioArguments(gatewayUrl, load, report)),
  );
  const interrupt = () => program.signal('SIGINT');
  load.signal?.addEventListener('abort', interrupt, { once: true });
  await program.exited;
  load.signal?.removeEventListener('abort', interrupt);
  return readReport(report, program.logFile);
}

function fortioArguments(gatewayUrl: string, load: Load, report: string): string[] {
  const { host, headers = {}, requestsPerSecond, durationMs, connections = 4, requestTimeoutMs = 3_000 } = load;
  const added = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const flags = {
    '-qps': String(requestsPerSecond),
    '-t': `${durationMs}ms`,
    '-c': String(connections),
    '-timeout': `${requestTimeoutMs}ms`,
    '-H': `Host: ${host}`,
    '-json': report,
  };
  return ['load', ...Object.entries(flags).flat(), ...added, '-allow-initial-errors', `${gatewayUrl}/`];
}

async function readReport(path: string, logFile: string): Promise<LoadResult> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`Fortio wrote no report; its log is ${logFile}`, { cause });
  });
  // Fortio's own report, whose form goes with its pinned version.
  const { RetCodes: byStatus } = JSON.parse(text) as FortioReport;
  return { total: Object.values(byStatus).reduce((sum, count) => sum + count, 0), byStatus };
}
