import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers } from '../../sandbox/processes/http.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { Service } from '../../sandbox/processes/service.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import { resolveTool } from '../../sandbox/tools/resolve.ts';

export interface VictoriaMetricsOptions {
  readonly scrapeIntervalMs: number;
  /** `host:port` whose `/metrics` is scraped. */
  readonly target: string;
}

/** A real VictoriaMetrics of one node; removed with its data by `remove`. */
export interface VictoriaMetrics {
  readonly url: string;
  remove(): Promise<void>;
}

export async function startVictoriaMetrics(options: VictoriaMetricsOptions): Promise<VictoriaMetrics> {
  const directory = await mkdtemp(join(tmpdir(), 'serin-victoria-metrics-'));
  const configFile = join(directory, 'scrape.yaml');
  await writeFile(configFile, JSON.stringify(configuration(options)));
  const supervision = startSupervision(directory);
  const address = `127.0.0.1:${await freePort()}`;
  const program = {
    name: 'victoria-metrics',
    command: await resolveTool('victoriaMetrics'),
    args: [
      `-promscrape.config=${configFile}`,
      `-storageDataPath=${join(directory, 'data')}`,
      `-httpListenAddr=${address}`,
    ],
    env: {},
    logFile: join(directory, 'victoria-metrics.log'),
  };
  const url = `http://${address}`;
  await new Service({ supervision, program, isReady: () => answers(`${url}/health`) }).start();
  return { url, remove: () => supervision.stop() };
}

function configuration({ scrapeIntervalMs, target }: VictoriaMetricsOptions): object {
  const interval = `${scrapeIntervalMs}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [{ job_name: 'knative', static_configs: [{ targets: [target] }] }],
  };
}
