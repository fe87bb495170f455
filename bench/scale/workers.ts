import { readFile } from 'node:fs/promises';
import { until } from '../../sandbox/processes/condition.ts';
import { checkout } from './parts.ts';
import type { Parts } from './parts.ts';
import type { ScaleOptions } from './options.ts';

/** Starts workers as users do, by `npm run worker` with settings only for where things are; returns when they poll. */
export async function startWorkers(parts: Parts, { workers, scrapeSeconds }: ScaleOptions): Promise<void> {
  const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
  await Promise.all(names.map((name) => startWorker(parts, name, scrapeSeconds)));
}

async function startWorker(
  { base, temporalAddress, prometheusUrl, workerKubeconfig }: Parts,
  name: string,
  scrapeSeconds: number,
): Promise<void> {
  const program = base.program(name, 'npm', ['run', 'worker'], {
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
