import { findEncodingProblem, formatEncodingProblem } from '../../core/text/encoding.ts';
import { settingDefinitions, withDefaults } from './settings.ts';
import type { Key, Values, WorkerSettings } from './settings.ts';
import { readYaml } from '../document/yaml.ts';

export type { WorkerSettings };

export type WorkerConfigReading =
  | { readonly kind: 'settings'; readonly settings: WorkerSettings }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

// In the table's order, which is that of the README.
const keys = Object.keys(settingDefinitions) as readonly Key[];
const variables: ReadonlyMap<string, Key> = new Map(keys.map((key) => [environmentName(key), key]));

/** The variable that names the configuration file. */
export const fileVariable = 'SERIN_CONFIG';

/** Variables of serin's other programs, which may be in the same environment. */
const foreignVariables = /^SERIN_(WEB_UI|CACHE|TOOL_\w+)$/;

/** Settings from one place, with the names that their problems use. */
interface Source {
  readonly values: ReadonlyMap<Key, unknown>;
  /** How problems name a setting: `SERIN_TASK_QUEUE`, `worker.yaml taskQueue`. */
  readonly settingName: (key: Key) => string;
}

interface SourceReading {
  readonly values: Values;
  readonly problems: readonly string[];
}

/**
 * Reads `SERIN_*` variables and the YAML or JSON file that `SERIN_CONFIG` names; the environment wins. An empty variable
 * counts as absent. Lists all problems of both, each `NAME: expected …, got …`.
 *
 * @param readFile returns a file's bytes, or throws.
 */
export function readWorkerConfig(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => Uint8Array,
): WorkerConfigReading {
  const fromEnvironment = readEnvironment(environment);
  const path = environment[fileVariable];
  const fromFile = path ? readConfigFile(path, readFile) : empty;
  const problems = [...fromEnvironment.problems, ...fromFile.problems];
  if (problems.length > 0) return { kind: 'problems', problems };
  return { kind: 'settings', settings: withDefaults({ ...fromFile.values, ...fromEnvironment.values }) };
}

const empty: SourceReading = { values: {}, problems: [] };

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): SourceReading {
  const ours = Object.entries(environment).filter(([name, value]) => name.startsWith('SERIN_') && Boolean(value));
  const known = ours.flatMap(([name, value]): [Key, unknown][] => {
    const key = variables.get(name);
    return key === undefined ? [] : [[key, value]];
  });
  const unknown = ours
    .map(([name]) => name)
    .filter((name) => !variables.has(name) && name !== fileVariable && !foreignVariables.test(name));
  const expected = [...variables.keys(), fileVariable].join(', ');
  const reading = readSource({ values: new Map(known), settingName: environmentName });
  return { ...reading, problems: [...reading.problems, ...unknownNames(unknown, expected)] };
}

function readConfigFile(path: string, readFile: (path: string) => Uint8Array): SourceReading {
  const document = readDocument(path, readFile);
  if (document.kind === 'invalid') return { values: {}, problems: [document.problem] };
  const entries = Object.entries(document.value);
  const known = entries.filter((entry): entry is [Key, unknown] => isKey(entry[0]));
  const unknown = entries.map(([name]) => name).filter((name) => !isKey(name));
  const reading = readSource({ values: new Map(known), settingName: (key) => `${path} ${key}` });
  const named = unknown.map((name) => `${path} ${name}`);
  return { ...reading, problems: [...reading.problems, ...unknownNames(named, keys.join(', '))] };
}

type DocumentReading =
  { readonly kind: 'read'; readonly value: object } | { readonly kind: 'invalid'; readonly problem: string };

function readDocument(path: string, readFile: (path: string) => Uint8Array): DocumentReading {
  const invalid = (problem: string): DocumentReading => ({ kind: 'invalid', problem });
  let bytes: Uint8Array;
  try {
    bytes = readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(`${fileVariable}: expected a readable file, got ${reason}`);
  }
  const problem = findEncodingProblem(bytes);
  if (problem !== undefined) return invalid(formatEncodingProblem(path, problem));
  const text = new TextDecoder().decode(bytes);
  if (isBlank(text)) return { kind: 'read', value: {} };
  const reading = readYaml(text);
  if (reading.kind === 'invalid')
    return invalid(`${path}: expected YAML or JSON, got ${reading.problem.split('\n', 1).join()}`);
  const { value } = reading;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid(`${path}: expected settings by name, got ${show(value)}`);
  }
  return { kind: 'read', value };
}

/** Whether the text has comments at most, for which YAML has no value. */
function isBlank(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#|$)/.test(line));
}

function readSource({ values, settingName }: Source): SourceReading {
  const readings = [...values].map(([key, value]) => ({
    key,
    value,
    reading: settingDefinitions[key].schema.safeParse(value),
  }));
  const read = readings.flatMap(({ key, reading }) => (reading.success ? [[key, reading.data]] : []));
  const problems = readings
    .filter(({ reading }) => !reading.success)
    .map(
      ({ key, value }) =>
        `${settingName(key)}: expected ${settingDefinitions[key].expected}, got ${showFor(key, value)}`,
    );
  // Each value comes from the schema of its own key.
  return { values: Object.fromEntries(read) as Values, problems };
}

function unknownNames(names: readonly string[], known: string): string[] {
  return names.map((name) => `${name}: expected one of ${known}, got a name that serin does not know`);
}

function isKey(name: string): name is Key {
  return Object.hasOwn(settingDefinitions, name);
}

/** The environment variable of a setting: `SERIN_PROMETHEUS_URL` for `prometheusUrl`. */
export function environmentName(key: Key): string {
  return `SERIN_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function showFor(key: Key, value: unknown): string {
  return 'isSecret' in settingDefinitions[key] ? 'something else, which is not shown' : show(value);
}

/** A value as JSON, without the user and password of a URL. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).replace(/\/\/[^\s"]*@/g, '//***@');
}
