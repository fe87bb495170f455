import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectPrometheus } from '../../../activities/metrics/prometheus.ts';
import { resolveTool } from '../../../sandbox/tools/resolve.ts';
import type { Exporter } from './exporter.ts';

export const scrapeIntervalMs = 200;

/** A real Prometheus that scrapes exporters; stopped by `stop`. */
export interface PrometheusServer {
  readonly url: string;
  readonly startedAtMs: number;
  /** Shows the content and waits until Prometheus has stored a scrape of it: the time of that scrape, epoch ms. */
  show(exporter: Exporter, content: readonly string[]): Promise<number>;
  /** Lets the exporter's scrapes fail, and waits until Prometheus has noticed. */
  hide(exporter: Exporter): Promise<number>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** The exporters of each scrape job. */
  readonly jobs?: Readonly<Record<string, readonly Exporter[]>>;
  /** Resource attributes that become labels of what is pushed by OTLP. */
  readonly promotedAttributes?: readonly string[];
}

export async function startPrometheus(options: PrometheusOptions = {}): Promise<PrometheusServer> {
  const directory = await mkdtemp(join(tmpdir(), 'serin-prometheus-'));
  const port = await freePort();
  const config = join(directory, 'prometheus.yml');
  await writeFile(config, JSON.stringify(configuration(options)));
  const startedAtMs = Date.now();
  const process = spawn(
    await resolveTool('prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const url = `http://127.0.0.1:${port}`;
  const prometheus = connectPrometheus({ baseUrl: url, signal: new AbortController().signal, limitMs: 120_000 });
  await until(async () => (await fetch(`${url}/-/ready`)).ok);
  let step = 0;

  async function firstSample(query: string, isWanted: (value: number) => boolean): Promise<number | undefined> {
    const series = await prometheus.ask({ query, atMs: Date.now() });
    return series.flatMap(({ samples }) => samples).find(({ value }) => isWanted(value))?.atMs;
  }

  return {
    url,
    startedAtMs,
    show: async (exporter, content) => {
      step += 1;
      const wanted = step;
      exporter.show(step, content);
      return until(() => firstSample(`script_step{instance="${exporter.address}"}[1m]`, (value) => value === wanted));
    },
    hide: async (exporter) => {
      const sinceMs = Date.now();
      exporter.show(0, 'failing');
      const rangeOf = () => Math.max(1, Date.now() - sinceMs);
      return until(() => firstSample(`up{instance="${exporter.address}"}[${rangeOf()}ms]`, (value) => value === 0));
    },
    stop: async () => {
      const exited = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Prometheus reads YAML, of which JSON is a part. */
function configuration({ jobs = {}, promotedAttributes = [] }: PrometheusOptions): object {
  return {
    otlp: { promote_resource_attributes: promotedAttributes },
    global: { scrape_interval: `${scrapeIntervalMs}ms`, scrape_timeout: `${scrapeIntervalMs}ms` },
    scrape_configs: Object.entries(jobs).map(([job, exporters]) => ({
      job_name: job,
      static_configs: [{ targets: exporters.map(({ address }) => address) }],
    })),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks every 25 ms until there is an answer; refused connections are not one. Gives up after 20 s. */
async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadlineMs = Date.now() + 20_000;
  let failure: unknown;
  while (Date.now() < deadlineMs) {
    const answer = await ask().catch((error: unknown) => {
      failure = error;
      return undefined;
    });
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('waited 20 s in vain', { cause: failure });
}
