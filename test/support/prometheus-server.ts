import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectPrometheus } from '../../metrics/prometheus/prometheus.ts';
import { until } from '../../sandbox/processes/condition.ts';
import { answers } from '../../sandbox/processes/http.ts';
import type { Program } from '../../sandbox/processes/messages.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { type Outage, Service } from '../../sandbox/processes/service.ts';
import { startSupervision } from '../../sandbox/processes/supervision.ts';
import { resolveTool } from '../../sandbox/tools/resolve.ts';
import type { Exporter } from './exporter.ts';

export const scrapeIntervalMs = 200;

/** A real Prometheus that scrapes exporters; removed with its data by `remove`. */
export interface PrometheusServer {
  readonly url: string;
  readonly startedAtMs: number;
  /** Stops and starts it again with its data. */
  readonly outage: Outage;
  /** Shows the content and waits until Prometheus has stored a scrape of it: the time of that scrape, epoch ms. */
  show(exporter: Exporter, content: readonly string[]): Promise<number>;
  /** Lets the exporter's scrapes fail, and waits until Prometheus has noticed: the time of that scrape, epoch ms. */
  hide(exporter: Exporter): Promise<number>;
  remove(): Promise<void>;
}

export interface PrometheusOptions {
  /** The exporters of each scrape job. */
  readonly jobs?: Readonly<Record<string, readonly Pick<Exporter, 'address'>[]>>;
  /** Resource attributes that become labels of what is pushed by OTLP. */
  readonly promotedAttributes?: readonly string[];
  /** Further settings of the OTLP receiver. */
  readonly otlp?: Readonly<Record<string, unknown>>;
}

export async function startPrometheus(options: PrometheusOptions = {}): Promise<PrometheusServer> {
  const directory = await mkdtemp(join(tmpdir(), 'serin-prometheus-'));
  const supervision = startSupervision(directory);
  const url = `http://127.0.0.1:${await freePort()}`;
  const program = await describeProgram({ directory, url, options });
  const outage = new Service({ supervision, program, isReady: () => answers(`${url}/-/ready`) });
  const startedAtMs = Date.now();
  await outage.start();
  let step = 0;

  async function firstSample(query: string, wanted: number): Promise<number | undefined> {
    const prometheus = connectPrometheus({ baseUrl: url, signal: new AbortController().signal, limitMs: 5_000 });
    const series = await prometheus.ask({ query, atMs: Date.now() });
    return series.flatMap(({ samples }) => samples).find(({ value }) => value === wanted)?.atMs;
  }

  return {
    url,
    startedAtMs,
    outage,
    show: (exporter, content) => {
      const wanted = (step += 1);
      exporter.show(wanted, content);
      const query = `script_step{instance="${exporter.address}"}[1m]`;
      return until({ what: `a scrape of step ${wanted}`, ...patience }, () => firstSample(query, wanted));
    },
    hide: (exporter) => {
      const sinceMs = Date.now();
      exporter.show(0, 'failing');
      const query = () => `up{instance="${exporter.address}"}[${Math.max(1, Date.now() - sinceMs)}ms]`;
      return until({ what: 'a failed scrape', ...patience }, () => firstSample(query(), 0));
    },
    remove: () => supervision.stop(),
  };
}

const patience = { limitMs: 20_000, pollMs: 25 };

interface ProgramOptions {
  readonly directory: string;
  readonly url: string;
  readonly options: PrometheusOptions;
}

async function describeProgram({ directory, url, options }: ProgramOptions): Promise<Program> {
  const configFile = join(directory, 'prometheus.yml');
  await writeFile(configFile, JSON.stringify(configuration(options)));
  return {
    name: 'prometheus',
    command: await resolveTool('prometheus'),
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--web.enable-otlp-receiver',
    ],
    env: {},
    logFile: join(directory, 'prometheus.log'),
  };
}

/** Prometheus reads YAML, of which JSON is a part. */
function configuration({ jobs = {}, promotedAttributes = [], otlp = {} }: PrometheusOptions): object {
  return {
    otlp: { promote_resource_attributes: promotedAttributes, ...otlp },
    global: { scrape_interval: `${scrapeIntervalMs}ms`, scrape_timeout: `${scrapeIntervalMs}ms` },
    scrape_configs: Object.entries(jobs).map(([job, exporters]) => ({
      job_name: job,
      static_configs: [{ targets: exporters.map(({ address }) => address) }],
    })),
  };
}
