import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Base } from '../base.ts';
import { answers } from '../processes/http.ts';
import { freePort } from '../processes/ports.ts';
import { Service } from '../processes/service.ts';

export interface PrometheusOptions {
  readonly scrapeIntervalMs: number;
  /** `host:port` whose `/metrics` is scraped. */
  readonly target: string;
  /** Where several run on one base. Default: `prometheus`. */
  readonly name?: string;
  /** Further settings of the scrape job, as Prometheus' configuration has them. */
  readonly job?: Readonly<Record<string, unknown>>;
}

/** Starts a Prometheus that scrapes `target`; its data outlive a restart within the sandbox's life. */
export async function startPrometheus(
  base: Base,
  options: PrometheusOptions,
): Promise<{ readonly service: Service; readonly url: string }> {
  const { name = 'prometheus' } = options;
  const configuration = join(base.stateDirectory, `${name}.yaml`);
  await writeFile(configuration, configurationText(options));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const service = new Service({
    supervision: base.supervision,
    program: base.program(name, base.tools.prometheus, [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(base.stateDirectory, name)}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ]),
    isReady: () => answers(`${url}/-/ready`),
  });
  await service.start();
  return { service, url };
}

function configurationText({ scrapeIntervalMs, target, job = {} }: PrometheusOptions): string {
  const scrape = { job_name: 'knative', static_configs: [{ targets: [target] }], ...job };
  const interval = `${scrapeIntervalMs}ms`;
  const global = { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval };
  // JSON is YAML, which is what Prometheus reads.
  return JSON.stringify({ global, scrape_configs: [scrape] });
}
