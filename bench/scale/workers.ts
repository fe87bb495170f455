import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../sandbox/processes/condition.ts';
import { checkout } from './parts.ts';
import type { Parts } from './parts.ts';
import type { ScaleOptions } from './options.ts';

/** Starts workers as the image does, with settings only for where things are; returns when they poll. */
export async function startWorkers(parts: Parts, { workers, scrapeSeconds }: ScaleOptions): Promise<void> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: checkout });
  const command = await readEntryPoint();
  const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
  await Promise.all(names.map((name) => startWorker(parts, { name, command, scrapeSeconds })));
}

/** The image's, in this checkout. */
async function readEntryPoint(): Promise<readonly string[]> {
  const [, list] = /^ENTRYPOINT (\[.*\])$/m.exec(await readFile(join(checkout, 'deploy/Dockerfile'), 'utf8')) ?? [];
  if (list === undefined) throw new Error('deploy/Dockerfile: expected an ENTRYPOINT that is a list');
  const [node, ...args] = JSON.parse(list) as readonly string[];
  return [node === 'node' ? process.execPath : String(node), ...args.map((arg) => arg.replace('/opt/serin', checkout))];
}

interface StartedWorker {
  readonly name: string;
  readonly command: readonly string[];
  readonly scrapeSeconds: number;
}

async function startWorker(
  { base, temporalAddress, prometheusUrl, workerKubeconfig }: Parts,
  { name, command: [command = '', ...args], scrapeSeconds }: StartedWorker,
): Promise<void> {
  const program = base.program(name, command, args, {
    TEMPORAL_ADDRESS: temporalAddress,
    SERIN_PROMETHEUS_URL: prometheusUrl,
    SERIN_PROMETHEUS_SCRAPE_INTERVAL: `${scrapeSeconds}s`,
    SERIN_KUBECONFIG: workerKubeconfig,
    SERIN_HELM_PATH: base.tools.helm,
    // Several workers share this machine.
    SERIN_HEALTH_ADDRESS: '127.0.0.1:0',
    SERIN_METRICS_ADDRESS: 'none',
  });
  const { logFile } = await base.supervision.spawn({ ...program, workingDirectory: checkout });
  await until({ what: `${name} to start, see ${logFile}`, limitMs: 60_000 }, async () =>
    (await readFile(logFile, 'utf8')).includes('worker started'),
  );
}
