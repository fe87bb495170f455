import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { YAML11_SCHEMA, load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { tools } from '../../sandbox/tools/table.ts';
import { imageNames, postgresql, readPrometheusVersion } from '../compose/images.ts';
import { readWorkerConfig } from '../../formats/worker/read-settings.ts';
import type { WorkerSettings } from '../../formats/worker/read-settings.ts';
import { searchAttributes } from '../../contract/messages.ts';

const root = join(import.meta.dirname, '../..');

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The part of the compose format that docker-compose.yml uses; anything else is a slip. */
const composeService = z.strictObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  user: z.string().optional(),
  group_add: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  init: z.boolean().optional(),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }))
    .default({}),
  volumes: z
    .array(
      z.union([
        z.string(),
        z.strictObject({
          type: z.literal('bind'),
          source: z.string(),
          target: z.string(),
          read_only: z.literal(true),
          bind: z.strictObject({ create_host_path: z.literal(false) }),
        }),
      ]),
    )
    .default([]),
  ports: z.array(z.string()).default([]),
  healthcheck: z.strictObject({ test: z.array(z.string()), interval: z.string(), retries: z.number() }).optional(),
  stop_grace_period: z.string().optional(),
  restart: z.literal('unless-stopped').optional(),
});

const composeFile = z.strictObject({
  name: z.literal('serin'),
  'x-restricted': z.unknown(),
  services: z.record(z.string(), composeService),
  volumes: z.record(z.string(), z.null()),
});

const { services, volumes } = composeFile.parse(load(read('docker-compose.yml'), { schema: YAML11_SCHEMA }));

function serviceNamed(name: string): z.output<typeof composeService> {
  const found = services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** `${NAME:-default}` as it is when NAME is not set; one without a default stays as it is. */
function interpolated(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}

function readSettings(environment: Readonly<Record<string, string>>): WorkerSettings {
  const entries = Object.entries(environment).map(([name, value]) => [name, interpolated(value)]);
  const reading = readWorkerConfig(Object.fromEntries(entries), () => {
    throw new Error('docker-compose.yml names no configuration file');
  });
  if (reading.kind === 'problems') throw new Error(reading.problems.join('\n'));
  return reading.settings;
}

const defaults = readSettings({});
const worker = readSettings(serviceNamed('worker').environment);

describe('docker-compose.yml', () => {
  test('has Temporal, its database and Web UI, Prometheus, and a worker', () => {
    expect(Object.keys(services).sort()).toEqual([
      'postgresql',
      'prometheus',
      'temporal',
      'temporal-namespace',
      'temporal-schema',
      'temporal-ui',
      'worker',
    ]);
  });

  test.each(Object.entries(services))('%s has an image with the tag of one release', (_, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-alpine)?$/);
  });

  test('the worker has the image that `npm run build:image` makes', () => {
    expect(serviceNamed('worker').image).toBe(`serin:${manifest.version}`);
  });

  test("Temporal's server and its tools are of one version", () => {
    const imageTag = (name: string): string | undefined => serviceNamed(name).image.split(':')[1];
    expect(new Set([imageTag('temporal'), imageTag('temporal-schema'), imageTag('temporal-namespace')]).size).toBe(1);
  });

  test("Prometheus is of the sandbox's version", () => {
    expect(serviceNamed('prometheus').image).toBe(`prom/prometheus:v${readPrometheusVersion(tools.prometheus)}`);
  });

  test('names the images that `npm run test:compose` makes', () => {
    const others = Object.values(services).flatMap(({ image }) => (image.startsWith('serin:') ? [] : [image]));
    expect(new Set(others)).toEqual(new Set(Object.values(imageNames)));
    expect(postgresql.version).toMatch(/^16\.14\./);
    expect(imageNames.postgresql).toContain(':16.14-');
  });

  test.each(Object.entries(services))(
    '%s waits only for services that are there and can be waited for',
    (_, service) => {
      for (const [name, { condition }] of Object.entries(service.depends_on)) {
        const awaited = serviceNamed(name);
        if (condition === 'service_healthy') expect(awaited.healthcheck, name).toBeDefined();
        else expect(awaited.restart, name).toBeUndefined();
      }
    },
  );

  test.each(Object.entries(services))('%s listens on this machine only', (_, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test.each(Object.entries(services))('%s is not root, cannot become it, and has no capabilities', (_, service) => {
    expect(service).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.user ?? 'the user of the image').not.toMatch(/^(0|root)\b/);
  });

  test('the worker writes temporary files only', () => {
    expect(serviceNamed('worker')).toMatchObject({ read_only: true, tmpfs: ['/tmp'] });
  });

  test('every password comes from the environment, without a default', () => {
    const passwords = Object.values(services).flatMap(({ environment }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|PWD/.test(name)),
    );
    expect(passwords.map(([name]) => name)).toEqual(['POSTGRES_PASSWORD', 'SQL_PASSWORD', 'POSTGRES_PWD']);
    for (const [, value] of passwords) expect(value).toBe('${POSTGRES_PASSWORD:?run deploy/docker/prepare.sh first}');
  });

  test('each file that is mounted exists', () => {
    for (const { volumes: mounts } of Object.values(services)) {
      for (const mount of mounts) {
        const [source = ''] = typeof mount === 'string' ? mount.split(':') : [interpolated(mount.source)];
        if (source === './kubeconfig') continue;
        if (source.startsWith('./')) expect(statSync(join(root, source)).isFile(), source).toBe(true);
        else expect(Object.keys(volumes)).toContain(source);
      }
    }
  });

  test('each script that a service runs is mounted where it is looked for', () => {
    for (const { entrypoint = [], volumes: mounts } of Object.values(services)) {
      for (const script of entrypoint.filter((word) => word.endsWith('.sh'))) {
        expect(mounts).toContain(`./deploy/docker/${script.replace('/scripts/', '')}:${script}:ro`);
      }
    }
  });

  test('the worker, the Web UI and the namespace script find Temporal where it listens', () => {
    expect(serviceNamed('temporal').ports).toEqual(['127.0.0.1:7233:7233']);
    for (const name of ['worker', 'temporal-ui', 'temporal-namespace']) {
      expect(serviceNamed(name).environment['TEMPORAL_ADDRESS'], name).toBe('temporal:7233');
    }
    const namespaces = ['worker', 'temporal-namespace'].map(
      (name) => serviceNamed(name).environment['TEMPORAL_NAMESPACE'],
    );
    expect(new Set(namespaces)).toEqual(new Set(['default']));
  });

  test('the Web UI is where `serin` says it is: 1000 above the server', () => {
    expect(serviceNamed('temporal-ui').ports).toEqual(['127.0.0.1:8233:8080']);
  });

  test("the worker's variables are all known to it, and it asks the Prometheus beside it", () => {
    expect(worker.prometheusUrl).toBe('http://prometheus:9090');
    expect(serviceNamed('prometheus').ports).toEqual(['127.0.0.1:9090:9090']);
    expect(worker.taskQueue).toBe(defaults.taskQueue);
  });

  test('helm and the worker read the kubeconfig that is mounted', () => {
    const { environment, volumes: mounts } = serviceNamed('worker');
    const targets = mounts.flatMap((mount) => (typeof mount === 'string' ? [] : [mount.target]));
    expect(targets).toEqual([environment['KUBECONFIG']]);
  });

  test('the worker has time to finish what it does when it is stopped', () => {
    expect(serviceNamed('worker').stop_grace_period).toBe('2m');
    expect(worker.shutdownGraceMs).toBeLessThan(120_000);
  });
});

const prometheusFile = z.looseObject({
  global: z.strictObject({ scrape_interval: z.string() }),
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      static_configs: z.array(z.strictObject({ targets: z.array(z.string()) })).default([]),
      kubernetes_sd_configs: z
        .array(z.strictObject({ role: z.literal('pod'), kubeconfig_file: z.string() }))
        .default([]),
    }),
  ),
});

describe('deploy/docker/prometheus.yml', () => {
  const { global, scrape_configs: jobs } = prometheusFile.parse(load(read('deploy/docker/prometheus.yml')));
  const scrapeTargets = (name: string): readonly string[] =>
    jobs.filter((job) => job.job_name === name).flatMap((job) => job.static_configs.flatMap(({ targets }) => targets));

  test('scrapes at the interval that the worker is told', () => {
    expect(global.scrape_interval).toBe('5s');
    expect(worker.prometheusScrapeIntervalMs).toBe(5_000);
  });

  test('scrapes worker and server where they serve their metrics', () => {
    const address = worker.metricsAddress;
    expect(address).toEqual({ host: '0.0.0.0', port: expect.any(Number) });
    expect(scrapeTargets('serin-worker')).toEqual([`worker:${address === 'none' ? '' : address.port}`]);
    const endpoint = serviceNamed('temporal').environment['PROMETHEUS_ENDPOINT'];
    expect(scrapeTargets('temporal')).toEqual([endpoint?.replace('0.0.0.0', 'temporal')]);
  });

  test('finds the revisions by the kubeconfig that is mounted', () => {
    const mounts = serviceNamed('prometheus').volumes.flatMap((mount) =>
      typeof mount === 'string' ? [] : [mount.target],
    );
    const files = jobs.flatMap((job) => job.kubernetes_sd_configs.map(({ kubeconfig_file }) => kubeconfig_file));
    expect(files).toEqual(mounts);
  });
});

describe('deploy/docker/prepare-namespace.sh', () => {
  test("registers serin's search attributes with their types", () => {
    const found = [...read('deploy/docker/prepare-namespace.sh').matchAll(/--name (\w+) --type (\w+)/g)];
    const registered = found.map(([, name, type]) => `${name} ${type?.toUpperCase()}`);
    expect(registered).toEqual(searchAttributes.map(({ name, type }) => `${name} ${type}`));
  });
});

describe('deploy/Dockerfile', () => {
  const instructions = read('deploy/Dockerfile').split(/(?<!\\)\n/);
  const argumentsOf = (name: string): readonly string[] =>
    instructions.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));

  test('names its base by digest, and takes files of nothing else', () => {
    expect(argumentsOf('ARG')[0]).toMatch(/^BASE=docker\.io\/library\/debian:bookworm-slim@sha256:[0-9a-f]{64}$/);
    expect(argumentsOf('FROM')).toEqual(['${BASE} AS debian', 'scratch']);
  });

  test('runs and fetches nothing, so that it needs neither network nor emulation', () => {
    expect([...argumentsOf('RUN'), ...argumentsOf('ADD')]).toEqual([]);
  });

  test("asks for the worker's health where it answers by default", () => {
    expect(defaults.healthAddress).toEqual({ host: '127.0.0.1', port: 8680 });
    expect(argumentsOf('HEALTHCHECK').join('')).toContain('http://127.0.0.1:8680/readyz');
  });
});
