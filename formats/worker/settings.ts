import { z } from 'zod';
import { parseDuration } from '../../core/text/duration.ts';

/** What a worker process is told; where Temporal is comes from Temporal's own environment and `temporal.toml`. */
export interface WorkerSettings {
  readonly taskQueue: string;
  /** User and password in it are secret. */
  readonly prometheusUrl: string;
  readonly prometheusScrapeIntervalMs: number;
  /** Commands that the tasks of a manifest may run. */
  readonly allowedCommands: readonly string[];
  /** Hosts that manifests may have requests sent to, `host[:port]`, `*.example.com` or `*`. */
  readonly allowedHosts: readonly string[];
  readonly slackUrl: string;
  readonly helmPath: string;
  /** How long a helm that somebody else has started may be at work on a release that is pending. */
  readonly helmPendingLimitMs: number;
  /** Undefined: the kubeconfig's default place, or the cluster that the worker runs in. */
  readonly kubeconfig: string | undefined;
  /** Port 0 is any free port. */
  readonly healthAddress: Address;
  readonly metricsAddress: Address | 'none';
  readonly logLevel: LogLevel;
  /** How long work in flight may go on after a signal to stop. */
  readonly shutdownGraceMs: number;
  /** Undefined: as many as the memory holds. */
  readonly maxCachedWorkflows: number | undefined;
  /** Undefined: the workflows are bundled from their sources at start. */
  readonly workflowBundle: string | undefined;
  /** Whether the worker also looks after the Experiments in its cluster. */
  readonly operator: boolean;
  /** The one namespace of which it does; undefined: all. */
  readonly operatorNamespace: string | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

type LogLevel = (typeof logLevels)[number];

const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

const text = z.string().trim().min(1);

const duration = text.transform((value, context) => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue('not a duration');
  return z.NEVER;
});

const address = text.transform((value, context): Address => {
  const [, host, port] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(value) ?? [];
  if (host !== undefined && Number(port) <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  context.addIssue('not an address');
  return z.NEVER;
});

/** The exporter of Temporal's SDK takes no host names and does not tell which free port it took. */
const metricsAddress = address.refine(({ host, port }) => {
  return port > 0 && (z.ipv4().safeParse(host).success || z.ipv6().safeParse(host).success);
});

const list = z.union([z.array(text), text.transform((value) => value.split(',').map((part) => part.trim()))]);

const count = z.union([z.int(), text.regex(/^\d{1,9}$/).transform(Number)]).pipe(z.int().min(1));

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);

interface SettingDefinition {
  readonly expected: string;
  /** Reads a string of the environment, or what the file has. */
  readonly schema: z.ZodType;
}

/** One entry a setting, by its name in the configuration file. */
export const settingDefinitions = {
  taskQueue: { expected: 'the name of a Temporal task queue', schema: text.max(1_000) },
  prometheusUrl: {
    expected: 'a URL such as http://prometheus:9090',
    schema: z.url({ protocol: /^https?$/, hostname: /./ }),
  },
  prometheusScrapeInterval: {
    expected: 'a duration from 1ms to 10m, such as 10s',
    schema: duration.pipe(z.number().min(1).max(600_000)),
  },
  allowedCommands: {
    expected: 'commands such as helm,kubectl',
    schema: list.pipe(z.array(z.string().regex(/^[\w./+-]+$/))),
  },
  allowedHosts: {
    expected: 'hosts such as hooks.example.com,*.internal:8080',
    schema: list.pipe(z.array(z.string().regex(/^(\*|(\*\.)?[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/))),
  },
  slackUrl: { expected: 'a URL such as https://slack.com/api', schema: z.url({ protocol: /^https?$/, hostname: /./ }) },
  helmPath: { expected: 'the name or path of the helm program', schema: text },
  helmPendingLimit: {
    expected: 'a duration from 0s to 24h, such as 5m',
    schema: duration.pipe(z.number().max(86_400_000)),
  },
  kubeconfig: { expected: 'the path of a kubeconfig file', schema: text },
  healthAddress: { expected: 'host:port such as 127.0.0.1:8680, or port 0 for a free one', schema: address },
  metricsAddress: {
    expected: 'IP:port such as 127.0.0.1:9464, or none',
    schema: z.union([z.literal('none'), metricsAddress]),
  },
  logLevel: {
    expected: `one of ${logLevels.join(', ')}`,
    schema: text.toLowerCase().pipe(z.enum(logLevels)),
  },
  shutdownGrace: {
    expected: 'a duration from 0s to 24h, such as 60s',
    schema: duration.pipe(z.number().max(86_400_000)),
  },
  maxCachedWorkflows: { expected: 'a whole number from 1', schema: count },
  workflowBundle: { expected: 'the path of a workflow bundle', schema: text },
  operator: { expected: 'true or false', schema: flag },
  operatorNamespace: { expected: 'a Kubernetes namespace', schema: text.pipe(z.string().regex(/^[a-z0-9-]{1,63}$/)) },
} as const satisfies Readonly<Record<string, SettingDefinition>>;

export type Key = keyof typeof settingDefinitions;
export type Values = { readonly [K in Key]?: z.output<(typeof settingDefinitions)[K]['schema']> };

/** Fills in the defaults. */
export function withDefaults(values: Values): WorkerSettings {
  return {
    taskQueue: values.taskQueue ?? 'serin',
    prometheusUrl: values.prometheusUrl ?? 'http://localhost:9090',
    prometheusScrapeIntervalMs: values.prometheusScrapeInterval ?? 10_000,
    allowedCommands: values.allowedCommands ?? ['helm'],
    allowedHosts: values.allowedHosts ?? ['*'],
    slackUrl: values.slackUrl ?? 'https://slack.com/api',
    helmPath: values.helmPath ?? 'helm',
    helmPendingLimitMs: values.helmPendingLimit ?? 300_000,
    kubeconfig: values.kubeconfig,
    healthAddress: values.healthAddress ?? { host: '127.0.0.1', port: 8680 },
    metricsAddress: values.metricsAddress ?? { host: '127.0.0.1', port: 9464 },
    logLevel: values.logLevel ?? 'info',
    shutdownGraceMs: values.shutdownGrace ?? 60_000,
    maxCachedWorkflows: values.maxCachedWorkflows,
    workflowBundle: values.workflowBundle,
    operator: values.operator ?? false,
    operatorNamespace: values.operatorNamespace,
  };
}
