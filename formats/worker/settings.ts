import { z } from 'zod';
import { parseDuration } from '../../core/text/duration.ts';
import { parseHeaders, parseMatchers } from './store-access.ts';

/** The settings of a worker process; the address of Temporal comes from Temporal's own environment and `temporal.toml`. */
export interface WorkerSettings {
  readonly taskQueue: string;
  /** User and password in it are secret. */
  readonly prometheusUrl: string;
  readonly prometheusScrapeIntervalMs: number;
  /** Their values are secret. */
  readonly prometheusHeaders: Readonly<Record<string, string>> | undefined;
  readonly prometheusTokenFile: string | undefined;
  readonly prometheusCaFile: string | undefined;
  readonly prometheusCertificateFile: string | undefined;
  readonly prometheusKeyFile: string | undefined;
  /** Label matchers in PromQL: `cluster="prod",env="eu"`. */
  readonly prometheusMatchers: string | undefined;
  /** Commands that the tasks of a manifest may run. */
  readonly allowedCommands: readonly string[];
  /** Hosts that manifests may have requests sent to beside public ones, `host[:port]`, `*.example.com` or `*`. */
  readonly allowedHosts: readonly string[];
  readonly slackUrl: string;
  /** Undefined: notices have no links. */
  readonly serverUrl: string | undefined;
  readonly clusterName: string | undefined;
  /** The most memory of a command and all that it starts. */
  readonly commandMemoryBytes: number;
  /** As whom commands run; undefined: as the worker's own user. */
  readonly commandUser: CommandUser | undefined;
  readonly helmPath: string;
  /** The age at which a pending release's helm is taken for dead. */
  readonly helmPendingLimitMs: number;
  /** Undefined: the kubeconfig's default place, or the cluster that the worker runs in. */
  readonly kubeconfig: string | undefined;
  /** The account of each namespace as which serin acts there; undefined: it acts as itself everywhere. */
  readonly serviceAccount: string | undefined;
  /** Port 0 is any free port. */
  readonly healthAddress: Address;
  readonly metricsAddress: Address | 'none';
  readonly logLevel: LogLevel;
  /** How long work in flight may go on after a signal to stop. */
  readonly shutdownGraceMs: number;
  /** Undefined: payloads are not encrypted. */
  readonly payloadKeysFile: string | undefined;
  /** Undefined: nobody's name is verified. */
  readonly verificationKeysFile: string | undefined;
  /** Undefined: as many as the memory holds. */
  readonly maxCachedWorkflows: number | undefined;
  /** Undefined: the package's own, or one that is made from the sources at start. */
  readonly workflowBundle: string | undefined;
  /** Whether the worker is also the operator of the Experiments in its cluster, or nothing else. */
  readonly operator: boolean | 'only';
  /** The one namespace of the operator; undefined: all. */
  readonly operatorNamespace: string | undefined;
  /** The runs that the operator lets a namespace have at a time. */
  readonly maxRunsPerNamespace: number;
}

/** A user of the machine, by number. */
export interface CommandUser {
  readonly uid: number;
  readonly gid: number;
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

/** Reads `host:port`, an IPv6 address in brackets; undefined for anything else. */
export function parseAddress(value: string): Address | undefined {
  const [, host, port] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(value) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

const address = text.transform((value, context): Address => {
  const found = parseAddress(value);
  if (found !== undefined) return found;
  context.addIssue('not an address');
  return z.NEVER;
});

/** The address of the SDK's metrics exporter, which takes no host names and does not report which free port it took. */
const metricsAddress = address.refine(({ host, port }) => {
  return port > 0 && (z.ipv4().safeParse(host).success || z.ipv6().safeParse(host).success);
});

/** As Kubernetes writes it. */
const memory = text.transform((value, context) => {
  const [, amount, unit] = /^(\d{1,9})(Mi|Gi)$/.exec(value) ?? [];
  if (amount !== undefined) return Number(amount) * 1024 ** (unit === 'Gi' ? 3 : 2);
  context.addIssue('not an amount of memory');
  return z.NEVER;
});

const longestId = 4_294_967_294;

const user = z.union([text, z.int().transform(String)]).transform((value, context): CommandUser => {
  const [, uid, gid = uid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value) ?? [];
  if (uid !== undefined && Math.max(Number(uid), Number(gid)) <= longestId)
    return { uid: Number(uid), gid: Number(gid) };
  context.addIssue('not a user');
  return z.NEVER;
});

const headers = z.unknown().transform((value, context): Readonly<Record<string, string>> => {
  const parsed = parseHeaders(value);
  if (parsed !== undefined) return parsed;
  context.addIssue('not headers');
  return z.NEVER;
});

const matchers = text.transform((value, context) => {
  const parsed = parseMatchers(value);
  if (parsed !== undefined) return parsed;
  context.addIssue('not label matchers');
  return z.NEVER;
});

/** Whether each `%` in user and password of a URL begins an escape. */
function hasReadableCredentials(url: string): boolean {
  const { username = '', password = '' } = URL.parse(url) ?? {};
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

const list = z.union([z.array(text), text.transform((value) => value.split(',').map((part) => part.trim()))]);

const count = z.union([z.int(), text.regex(/^\d{1,9}$/).transform(Number)]).pipe(z.int().min(1));

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);

const operator = z.union([flag, z.literal('only')]);

interface SettingDefinition {
  /** The meaning, for the page of settings. */
  readonly meaning: string;
  /** The words in problems, after `expected`. */
  readonly expected: string;
  /** The default, as it would be typed; absent where there is none. */
  readonly fallback?: string;
  /** Whether problems must not show what was given. */
  readonly isSecret?: boolean;
  /** Reads a string of the environment, or what the file has. */
  readonly schema: z.ZodType;
}

/** One entry per setting, by its name in the configuration file. */
export const settingDefinitions = {
  taskQueue: {
    meaning: 'the Temporal task queue that the worker polls: experiments are started on it',
    fallback: 'serin',
    expected: 'the name of a Temporal task queue',
    schema: text.max(1_000),
  },
  prometheusUrl: {
    meaning:
      'Prometheus, or a service with its HTTP API; a path is a prefix, query parameters are kept; user and password in the URL are sent as basic authentication and never shown',
    fallback: 'http://localhost:9090',
    expected: 'a URL such as http://prometheus:9090, a % in its user or password written as %25',
    schema: z.url({ protocol: /^https?$/, hostname: /./ }).refine(hasReadableCredentials),
  },
  prometheusScrapeInterval: {
    meaning: "how often that Prometheus scrapes the revisions' pods: measurements look that far back",
    fallback: '10s',
    expected: 'a duration from 1ms to 10m, such as 10s',
    schema: duration.pipe(z.number().min(1).max(600_000)),
  },
  prometheusHeaders: {
    meaning:
      'headers of each request to that Prometheus, `Name: value`, separated by commas or line breaks, in the file also a mapping; values are never shown',
    isSecret: true,
    expected: 'headers such as X-Scope-OrgID: team-a',
    schema: headers,
  },
  prometheusTokenFile: {
    meaning: 'a file with the bearer token for that Prometheus, read anew for each request, since tokens rotate',
    expected: 'the path of a file with a token',
    schema: text,
  },
  prometheusCaFile: {
    meaning: "the certificates of the authorities to trust for that Prometheus, PEM; without it the system's",
    expected: 'the path of a file with certificates',
    schema: text,
  },
  prometheusCertificateFile: {
    meaning: "the client's certificate for that Prometheus, PEM, read anew for each request",
    expected: 'the path of a file with a certificate',
    schema: text,
  },
  prometheusKeyFile: {
    meaning: 'the key of that certificate, PEM',
    expected: 'the path of a file with a key',
    schema: text,
  },
  prometheusMatchers: {
    meaning:
      'label matchers for every selector, separated by commas, where that Prometheus has the series of several clusters: `cluster="prod"`',
    expected: 'label matchers such as cluster="prod",env=~"eu-.*"',
    schema: matchers,
  },
  allowedCommands: {
    meaning: 'the commands that the tasks of a manifest may run, separated by commas, in the file also a list',
    fallback: 'helm',
    expected: 'commands such as helm,kubectl',
    schema: list.pipe(z.array(z.string().regex(/^[\w./+-]+$/))),
  },
  allowedHosts: {
    meaning:
      "the hosts that manifests may have requests sent to beside public ones and the services of the experiment's own namespace: `host`, `host:port`, `*.example.com`, `*`; link-local and metadata addresses never",
    expected: 'hosts such as hooks.internal,*.corp.example:8080',
    schema: list.pipe(z.array(z.string().regex(/^(\*|(\*\.)?[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/))),
  },
  slackUrl: {
    meaning: "Slack's API",
    fallback: 'https://slack.com/api',
    expected: 'a URL such as https://slack.com/api',
    schema: z.url({ protocol: /^https?$/, hostname: /./ }),
  },
  serverUrl: {
    meaning: 'where people reach `serin server`: notices have links to it',
    expected: 'a URL such as https://serin.example.com',
    schema: z.url({ protocol: /^https?$/, hostname: /./ }),
  },
  clusterName: {
    meaning: 'what people call the cluster, in notices',
    expected: 'a name of at most 60 characters',
    schema: text.max(60),
  },
  commandMemory: {
    meaning:
      'the most memory that a command and all that it starts may hold together; beyond it they are killed (Linux)',
    fallback: '1Gi',
    expected: 'an amount of memory from 64Mi, such as 1Gi or 512Mi',
    schema: memory.pipe(z.number().min(64 * 1024 ** 2)),
  },
  commandUser: {
    meaning:
      "the user as whom commands run, `uid` or `uid:gid`, where the worker is root; without it they run as the worker's own user",
    expected: 'a user such as 65534 or 65534:65534',
    schema: user,
  },
  helmPath: {
    meaning: 'the helm program, a path or a name on the `PATH`',
    fallback: 'helm',
    expected: 'the name or path of the helm program',
    schema: text,
  },
  helmPendingLimit: {
    meaning:
      'how old a pending release must be before its helm is taken for dead; at least the longest `--timeout` in use',
    fallback: '5m',
    expected: 'a duration from 0s to 24h, such as 5m',
    schema: duration.pipe(z.number().max(86_400_000)),
  },
  kubeconfig: {
    meaning:
      'the kubeconfig of serin and helm; without it `KUBECONFIG`, `~/.kube/config`, or the service account of the pod',
    expected: 'the path of a kubeconfig file',
    schema: text,
  },
  serviceAccount: {
    meaning:
      "the service account, of an experiment's own namespace, as which serin does everything that the experiment does in a cluster; `none`: serin acts as itself, with its own rights",
    fallback: 'serin',
    expected: 'the name of a service account, or none',
    schema: text.pipe(z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)),
  },
  healthAddress: {
    meaning: 'where health is served, `host:port`; port 0 is any free one, and logged',
    fallback: '127.0.0.1:8680',
    expected: 'host:port such as 127.0.0.1:8680, or port 0 for a free one',
    schema: address,
  },
  metricsAddress: {
    meaning: 'where metrics are served at `/metrics`, `IP:port`; `none` serves none',
    fallback: '127.0.0.1:9464',
    expected: 'IP:port such as 127.0.0.1:9464, or none',
    schema: z.union([z.literal('none'), metricsAddress]),
  },
  logLevel: {
    meaning: '`trace`, `debug`, `info`, `warn` or `error`',
    fallback: 'info',
    expected: `one of ${logLevels.join(', ')}`,
    schema: text.toLowerCase().pipe(z.enum(logLevels)),
  },
  shutdownGrace: {
    meaning: 'how long work in flight may go on after a signal to stop',
    fallback: '60s',
    expected: 'a duration from 0s to 24h, such as 60s',
    schema: duration.pipe(z.number().max(86_400_000)),
  },
  payloadKeysFile: {
    meaning:
      'keys for the payloads in Temporal, one a line, `ID BASE64`; the first encrypts, all decrypt; without it payloads are not encrypted',
    expected: 'the path of a file with keys',
    schema: text,
  },
  verificationKeysFile: {
    meaning:
      'the public keys, PEM, of the servers (`serin server`) whose word for who makes a request counts, read anew for each request; without it nobody is verified, and a gate with approvers stays closed',
    expected: 'the path of a file with public keys',
    schema: text,
  },
  maxCachedWorkflows: {
    meaning: 'how many experiments stay in memory between two iterations; without it as many as the memory holds',
    expected: 'a whole number from 1',
    schema: count,
  },
  workflowBundle: {
    meaning:
      'a bundle of the workflows; default: the one of the package; from the sources it is made at the start, in about 2 s',
    expected: 'the path of a workflow bundle',
    schema: text,
  },
  operator: {
    meaning:
      '`true`: the worker also looks after the Experiments in its cluster, as `serin operator` does; `only`: it does nothing else',
    fallback: 'false',
    expected: 'true, false or only',
    schema: operator,
  },
  operatorNamespace: {
    meaning: 'the one namespace in which the worker does so; without it all',
    expected: 'a Kubernetes namespace',
    schema: text.pipe(z.string().regex(/^[a-z0-9-]{1,63}$/)),
  },
  maxRunsPerNamespace: {
    meaning: 'the Experiments of one namespace that the operator lets run at a time; the others wait, oldest first',
    fallback: '20',
    expected: 'a whole number from 1',
    schema: count,
  },
} as const satisfies Readonly<Record<string, SettingDefinition>>;

export type Key = keyof typeof settingDefinitions;
export type Values = { readonly [K in Key]?: z.output<(typeof settingDefinitions)[K]['schema']> };

/** Fills in the defaults. */
export function withDefaults(values: Values): WorkerSettings {
  const chosen = <K extends KeyWithFallback>(key: K): Value<K> => values[key] ?? readFallback(key);
  return {
    taskQueue: chosen('taskQueue'),
    prometheusUrl: chosen('prometheusUrl'),
    prometheusScrapeIntervalMs: chosen('prometheusScrapeInterval'),
    prometheusHeaders: values.prometheusHeaders,
    prometheusTokenFile: values.prometheusTokenFile,
    prometheusCaFile: values.prometheusCaFile,
    prometheusCertificateFile: values.prometheusCertificateFile,
    prometheusKeyFile: values.prometheusKeyFile,
    prometheusMatchers: values.prometheusMatchers,
    allowedCommands: chosen('allowedCommands'),
    allowedHosts: values.allowedHosts ?? [],
    slackUrl: chosen('slackUrl'),
    serverUrl: values.serverUrl,
    clusterName: values.clusterName,
    commandMemoryBytes: chosen('commandMemory'),
    commandUser: values.commandUser,
    helmPath: chosen('helmPath'),
    helmPendingLimitMs: chosen('helmPendingLimit'),
    kubeconfig: values.kubeconfig,
    serviceAccount: readAccountName(chosen('serviceAccount')),
    healthAddress: chosen('healthAddress'),
    metricsAddress: chosen('metricsAddress'),
    logLevel: chosen('logLevel'),
    shutdownGraceMs: chosen('shutdownGrace'),
    payloadKeysFile: values.payloadKeysFile,
    verificationKeysFile: values.verificationKeysFile,
    maxCachedWorkflows: values.maxCachedWorkflows,
    workflowBundle: values.workflowBundle,
    operator: chosen('operator'),
    operatorNamespace: values.operatorNamespace,
    maxRunsPerNamespace: chosen('maxRunsPerNamespace'),
  };
}

/** The name of the account as which serin acts; `none` says that it acts as itself. */
export function readAccountName(name: string): string | undefined {
  return name === 'none' ? undefined : name;
}

type Definitions = typeof settingDefinitions;
type Value<K extends Key> = z.output<Definitions[K]['schema']>;
type KeyWithFallback = { [K in Key]: Definitions[K] extends { fallback: string } ? K : never }[Key];

function readFallback<K extends KeyWithFallback>(key: K): Value<K> {
  const { schema, fallback } = settingDefinitions[key];
  // The compiler does not follow the key from the definition to its schema.
  return schema.parse(fallback) as Value<K>;
}
