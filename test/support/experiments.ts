import { readFile } from 'node:fs/promises';
import type { ConditionType } from '../../operator/status/conditions.ts';
import type { ExperimentObject } from '../../operator/experiment-object.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { testCluster } from './cluster.ts';
import { readableByIter8 } from './iter8-status.ts';
import { until } from './until.ts';

/** The Experiments of one namespace, by kubectl. */
export interface ExperimentsIn {
  readonly apply: (...manifests: readonly object[]) => Promise<void>;
  /** Fails where the status is not one that iter8ctl can read, as all that read an object do. */
  readonly read: (name: string) => Promise<ExperimentObject>;
  readonly readAll: () => Promise<readonly ExperimentObject[]>;
  /** As `kubectl wait` waits. */
  readonly untilCondition: (name: string, type: ConditionType) => Promise<ExperimentObject>;
  /** Until the first step is taken. */
  readonly untilRunning: (name: string) => Promise<ExperimentObject>;
  /** `kubectl get --watch`, with more options if given: what it prints each time that the object is written. */
  readonly watch: (name: string, ...options: readonly string[]) => Promise<ExperimentWatch>;
  /** Fails when the object is still there after so many seconds; by default after more than a busy machine needs. */
  readonly remove: (name: string, limitSeconds?: number) => Promise<void>;
  /** Reasons and messages of its events. */
  readonly events: (name: string) => Promise<readonly { readonly reason: string; readonly message: string }[]>;
}

export interface ExperimentWatch {
  /** What it has printed so far. */
  readonly lines: () => Promise<readonly string[]>;
  readonly stop: () => void;
}

/** @param of the sandbox; by default that of the tests. */
export async function experimentsIn(namespace: string, of?: Sandbox): Promise<ExperimentsIn> {
  const sandbox = of ?? (await testCluster()).sandbox;
  const kubectl = (...args: readonly string[]): Promise<string> => sandbox.kubectl(...args, '-n', namespace);
  const read = async (name: string): Promise<ExperimentObject> =>
    checked(JSON.parse(await kubectl('get', 'experiment', name, '-o', 'json')) as ExperimentObject);
  return {
    read,
    readAll: async () =>
      (JSON.parse(await kubectl('get', 'experiment', '-o', 'json')) as { items: ExperimentObject[] }).items.map(
        checked,
      ),
    apply: async (...manifests) => {
      const items = manifests.map((manifest) => ({
        ...manifest,
        metadata: { ...manifestMetadata(manifest), namespace },
      }));
      await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    },
    untilCondition: async (name, type) => {
      await kubectl('wait', `--for=condition=${type}`, `experiment/${name}`, '--timeout=180s');
      return read(name);
    },
    untilRunning: async (name) =>
      until(`${name} to have traffic`, async () => {
        const object = await read(name);
        return object.status?.startTime === undefined ? undefined : object;
      }),
    watch: async (name, ...options) => {
      const watching = await sandbox.run({
        name: `watch-${namespace}-${name}`,
        command: sandbox.tools.kubectl,
        args: ['get', 'experiment', name, '-n', namespace, '--watch', ...options],
        env: { KUBECONFIG: sandbox.kubeconfig, HOME: process.env['HOME'] ?? '' },
      });
      const lines = async () => (await readFile(watching.logFile, 'utf8')).split('\n').slice(0, -1);
      await until('the watch to begin', async () => (await lines()).length > 0);
      return { lines, stop: () => watching.signal('SIGTERM') };
    },
    remove: async (name, limitSeconds = 60) => {
      await kubectl('delete', 'experiment', name, `--timeout=${limitSeconds}s`);
    },
    events: async (name) => {
      const selector = `--field-selector=involvedObject.kind=Experiment,involvedObject.name=${name}`;
      const { items } = JSON.parse(await kubectl('get', 'events', '-o', 'json', selector)) as {
        items: { reason: string; message: string }[];
      };
      return items;
    },
  };
}

/** Every object that the operator has written can be read by programs of iter8's time. */
function checked(object: ExperimentObject): ExperimentObject {
  if (object.status?.serin !== undefined) readableByIter8(object.status);
  return object;
}

function manifestMetadata(manifest: object): object {
  return 'metadata' in manifest && typeof manifest.metadata === 'object' ? (manifest.metadata ?? {}) : {};
}
