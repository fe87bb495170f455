import type { IfExpression } from './if-expression.ts';
import type { ObjectName } from '../text/object-name.ts';
import type { WaitFor } from './wait-for.ts';

/** `go`: `{{ … }}`; `iter8`: `@< … >@`, iter8's later form, so that scripts may have braces of their own. */
export type Delimiters = 'go' | 'iter8' | 'both';

/** A Kubernetes object, its kind as kubectl takes it, and what must hold of it; without that it must exist. */
export interface ObjectCheck extends ObjectName {
  readonly kind: string;
  readonly waitFor: WaitFor;
}

/** An HTTP header; its value is a template. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Where the requests for a version are sent; `url` and the headers' values are templates with its variables. */
export interface LoadedVersion {
  readonly name: string;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly requestsPerSecond: number;
}

/** How much is sent to each version. */
export type LoadAmount =
  { readonly kind: 'requests'; readonly count: number } | { readonly kind: 'duration'; readonly durationMs: number };

/** The body of load requests: as a text, or to be downloaded. */
export type Payload = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'url'; readonly url: string };

/** How a secret is used for an HTTP request. */
export type AuthType = 'None' | 'Basic' | 'Bearer' | 'APIKey';

/** The inputs of each kind of task; a new kind is an entry here, and a line in each table that is keyed by kind. */
export interface TaskInputs {
  'init-experiment': object;
  exec: {
    readonly command: string;
    readonly args: readonly string[];
    /** Further arguments when this version is the one whose variables are used. */
    readonly argsByVersion?: Readonly<Record<string, readonly string[]>>;
    /** `{{ .variable }}` in the arguments is replaced by the version's variables. */
    readonly interpolate: boolean;
  };
  /** Bash reads it. */
  script: {
    readonly script: string;
    readonly delimiters: Delimiters;
    readonly secret?: ObjectName;
  };
  readiness: {
    readonly initialDelayMs: number;
    readonly retries: number;
    readonly intervalMs: number;
    readonly objects: readonly ObjectCheck[];
  };
  collect: {
    readonly versions: readonly LoadedVersion[];
    readonly amount: LoadAmount;
    readonly connections: number;
    readonly payload?: Payload;
    readonly contentType?: string;
    /** Whether requests are only sent, and their answers not counted. */
    readonly loadOnly: boolean;
  };
  /** URL, headers and body are templates in either form; the default body describes the state of the experiment. */
  http: {
    readonly url: string;
    readonly method: 'GET' | 'POST';
    readonly auth: AuthType;
    readonly secret?: ObjectName;
    readonly headers: readonly Header[];
    readonly body?: string;
    readonly ignoreFailure: boolean;
  };
  slack: {
    readonly channel: string;
    readonly secret: ObjectName;
    readonly ignoreFailure: boolean;
  };
}

export type TaskKind = keyof TaskInputs;

/** One step of the start, loop or finish actions, unless its condition does not hold. */
export type Task<K extends TaskKind = TaskKind> = {
  [P in K]: { readonly kind: P; readonly condition?: IfExpression } & Readonly<TaskInputs[P]>;
}[K];

/**
 * The purpose of a task. A `preparation` is allowed among the start actions only; a `deployment` may deploy
 * something, so that its result is verified; a `notification` is also allowed among the notifications. A `check`
 * waits, and a `load` sends requests.
 */
export type TaskRole = 'preparation' | 'deployment' | 'check' | 'load' | 'notification';

/** The properties of a kind of task that are known before one runs. */
export interface TaskTraits<K extends TaskKind = TaskKind> {
  readonly role: TaskRole;
  /** The program that the worker must allow for it; undefined for kinds that run none. */
  readonly command: ((task: Task<K>) => string) | undefined;
}

/** The traits of every kind of task. */
export const taskTraits: { readonly [K in TaskKind]: TaskTraits<K> } = {
  'init-experiment': { role: 'preparation', command: undefined },
  exec: { role: 'deployment', command: ({ command }) => command },
  script: { role: 'deployment', command: () => 'bash' },
  readiness: { role: 'check', command: undefined },
  collect: { role: 'load', command: () => 'fortio' },
  http: { role: 'notification', command: undefined },
  slack: { role: 'notification', command: undefined },
};
