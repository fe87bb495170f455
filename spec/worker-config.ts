import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { readYaml } from './yaml.ts';

/** What a worker process is told; where Temporal is comes from Temporal's own environment and `temporal.toml`. */
export interface WorkerSettings {
  readonly taskQueue: string;
  /** User and password in it are secret. */
  readonly prometheusUrl: string;
  readonly prometheusScrapeIntervalMs: number;
  /** Commands that the tasks of a manifest may run. */
  readonly allowedCommands: readonly string[];
  readonly helmPath: string;
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
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type LogLevel = (typeof logLevels)[number];

export type WorkerConfigReading =
  | { readonly kind: 'settings'; readonly settings: WorkerSettings }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

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

interface Knob {
  readonly expected: string;
  /** Reads a string of the environment, or what the file has. */
  readonly schema: z.ZodType;
}

const knobs = {
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
  helmPath: { expected: 'the name or path of the helm program', schema: text },
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
} as const satisfies Readonly<Record<string, Knob>>;

type Key = keyof typeof knobs;
type Values = { readonly [K in Key]?: z.output<(typeof knobs)[K]['schema']> };

// The order of the table above, which is the order of the README's.
const keys = Object.keys(knobs) as readonly Key[];
const variables: ReadonlyMap<string, Key> = new Map(keys.map((key) => [variableOf(key), key]));

/** The variable that names the configuration file. */
const fileVariable = 'SERIN_CONFIG';

/** Variables of serin's other programs, which may stand in the same environment. */
const foreignVariables = /^SERIN_(WEB_UI|CACHE|TOOL_\w+)$/;

/** Some part of the configuration with the names that a person knows it by. */
interface Source {
  readonly values: ReadonlyMap<Key, unknown>;
  /** How problems name a setting: `SERIN_TASK_QUEUE`, `worker.yaml taskQueue`. */
  readonly nameOf: (key: Key) => string;
}

interface SourceReading {
  readonly values: Values;
  readonly problems: readonly string[];
}

/**
 * Reads `SERIN_*` variables and the YAML or JSON file that `SERIN_CONFIG` names; the environment wins. An empty variable
 * counts as absent. Lists all problems of both, each `NAME: expected …, got …`.
 *
 * @param readFile returns a file's text, or throws.
 */
export function readWorkerConfig(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): WorkerConfigReading {
  const fromEnvironment = readEnvironment(environment);
  const path = environment[fileVariable];
  const fromFile = path === undefined || path === '' ? empty : readConfigFile(path, readFile);
  const problems = [...fromEnvironment.problems, ...fromFile.problems];
  if (problems.length > 0) return { kind: 'problems', problems };
  return { kind: 'settings', settings: settingsOf({ ...fromFile.values, ...fromEnvironment.values }) };
}

const empty: SourceReading = { values: {}, problems: [] };

function settingsOf(values: Values): WorkerSettings {
  return {
    taskQueue: values.taskQueue ?? 'serin',
    prometheusUrl: values.prometheusUrl ?? 'http://localhost:9090',
    prometheusScrapeIntervalMs: values.prometheusScrapeInterval ?? 10_000,
    allowedCommands: values.allowedCommands ?? ['helm'],
    helmPath: values.helmPath ?? 'helm',
    kubeconfig: values.kubeconfig,
    healthAddress: values.healthAddress ?? { host: '127.0.0.1', port: 8680 },
    metricsAddress: values.metricsAddress ?? { host: '127.0.0.1', port: 9464 },
    logLevel: values.logLevel ?? 'info',
    shutdownGraceMs: values.shutdownGrace ?? 60_000,
    maxCachedWorkflows: values.maxCachedWorkflows,
    workflowBundle: values.workflowBundle,
  };
}

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): SourceReading {
  const ours = Object.entries(environment).filter(([name, value]) => name.startsWith('SERIN_') && value !== '');
  const known = ours.flatMap(([name, value]): [Key, unknown][] => {
    const key = variables.get(name);
    return key === undefined ? [] : [[key, value]];
  });
  const unknown = ours
    .map(([name]) => name)
    .filter((name) => !variables.has(name) && name !== fileVariable && !foreignVariables.test(name));
  const expected = [...variables.keys(), fileVariable].join(', ');
  const reading = readSource({ values: new Map(known), nameOf: variableOf });
  return { ...reading, problems: [...reading.problems, ...unknownNames(unknown, expected)] };
}

function readConfigFile(path: string, readFile: (path: string) => string): SourceReading {
  const document = readDocument(path, readFile);
  if (document.kind === 'invalid') return { values: {}, problems: [document.problem] };
  const entries = Object.entries(document.value);
  const known = entries.filter((entry): entry is [Key, unknown] => isKey(entry[0]));
  const unknown = entries.map(([name]) => name).filter((name) => !isKey(name));
  const reading = readSource({ values: new Map(known), nameOf: (key) => `${path} ${key}` });
  const named = unknown.map((name) => `${path} ${name}`);
  return { ...reading, problems: [...reading.problems, ...unknownNames(named, keys.join(', '))] };
}

type DocumentReading =
  { readonly kind: 'read'; readonly value: object } | { readonly kind: 'invalid'; readonly problem: string };

function readDocument(path: string, readFile: (path: string) => string): DocumentReading {
  const invalid = (problem: string): DocumentReading => ({ kind: 'invalid', problem });
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(`${fileVariable}: expected a readable file, got ${reason}`);
  }
  const reading = readYaml(text);
  if (reading.kind === 'invalid') return invalid(`${path}: expected YAML or JSON, got ${reading.problem}`);
  // An empty document, or one of comments only, sets nothing.
  const value = reading.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    return invalid(`${path}: expected settings by name, got ${show(value)}`);
  }
  return { kind: 'read', value };
}

function readSource({ values, nameOf }: Source): SourceReading {
  const readings = [...values].map(([key, value]) => ({ key, value, reading: knobs[key].schema.safeParse(value) }));
  const read = readings.flatMap(({ key, reading }) => (reading.success ? [[key, reading.data]] : []));
  const problems = readings
    .filter(({ reading }) => !reading.success)
    .map(({ key, value }) => `${nameOf(key)}: expected ${knobs[key].expected}, got ${show(value)}`);
  // Each value comes from the schema of its own key.
  return { values: Object.fromEntries(read) as Values, problems };
}

function unknownNames(names: readonly string[], known: string): string[] {
  return names.map((name) => `${name}: expected one of ${known}, got a name that serin does not know`);
}

function isKey(name: string): name is Key {
  return Object.hasOwn(knobs, name);
}

/** `prometheusUrl` is `SERIN_PROMETHEUS_URL`. */
function variableOf(key: Key): string {
  return `SERIN_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/** As JSON, without the user and password of a URL. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@\s]*@/g, '//***@');
}
