import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../core/offline/random.ts';
import type { Sandbox } from '../../../sandbox/index.ts';
import type { ApiRequest, Interference } from '../../support/api-proxy.ts';
import type { GateMode } from '../../support/http-gate.ts';
import type { Lane } from './lane.ts';

/** Where a disturbance happens. */
export interface Scene {
  readonly lane: Lane;
  /** The release and the Knative Service. */
  readonly name: string;
  readonly workflowId: string;
  readonly random: Random;
  /** Whether the run has ended. */
  readonly hasEnded: () => boolean;
}

/** Harms something, and ends the harm. */
type Disturbance = (scene: Scene) => Promise<void>;

type Part = keyof Sandbox['outages'];

/** Kills a part of the sandbox, and starts it again after a while. */
function killPart(part: Part, mostMs: number): Disturbance {
  return ({ lane: { sandbox, shared }, random }) =>
    shared.take(part, async () => {
      await sandbox.outages[part]?.kill();
      await delay(random() * mostMs);
      await sandbox.outages[part]?.start();
    });
}

/** A part keeps its connections for a while and answers nothing. */
function freezePart(part: Part, mostMs: number): Disturbance {
  return ({ lane: { sandbox, shared }, random }) =>
    shared.take(part, async () => {
      await sandbox.outages[part]?.freeze();
      await delay(random() * mostMs);
      await sandbox.outages[part]?.thaw();
    });
}

/**
 * Whether serin itself asks about the target, its revisions or its Lease: helm, which cannot try again, fails on what the API server refuses,
 * and says so.
 */
function isOwn(name: string): (request: ApiRequest) => boolean {
  const own = new RegExp(`/(?:services/${name}|revisions/${name}-v[12]|leases/serin-${name})$`);
  return ({ method, path }) => {
    const [place = '', query = ''] = path.split('?', 2);
    return own.test(place) && (method === 'GET' || query.includes('fieldManager=serin'));
  };
}

/** Meets so many of serin's next requests to the API server. */
function meetApi(interference: Interference, times: number): Disturbance {
  return async ({ lane: { api }, name }) => api.interfere(isOwn(name), { ...interference, times });
}

/** Puts something else in the place of Prometheus, or of whoever is told of events, for a while. */
function change(what: 'metrics' | 'notices', mode: GateMode, mostMs: number): Disturbance {
  return async ({ lane, random }) => {
    lane[what].set(mode);
    await delay(random() * mostMs);
    lane[what].set({ kind: 'pass' });
  };
}

function answer(status: number, body: object | string): GateMode {
  return { kind: 'answer', status, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function vector(...values: readonly string[]): object {
  const result = values.map((value, index) => ({ metric: { copy: String(index) }, value: [Date.now() / 1000, value] }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

/** It happens to runs that have a helm. */
export const helmKilled = 'helm killed';

/** It happens to runs that an operator has begun. */
export const operatorKilled = 'operator killed, another one started';

/** It happens where Temporal's database is a process of its own. */
const databaseKilled = "Temporal's database killed";

/** What can happen to a run, by name. */
export const disturbances: Readonly<Record<string, Disturbance>> = {
  'worker killed, another one started': async ({ lane }) => {
    lane.worker().signal('SIGKILL');
    await lane.worker().exited;
    await lane.startWorker();
  },
  'worker frozen, then awake': async ({ lane, random }) => {
    lane.worker().signal('SIGSTOP');
    await delay(random() * 8_000);
    lane.worker().signal('SIGCONT');
  },
  'worker frozen, another one takes over, then awake': async ({ lane, random }) => {
    const frozen = lane.worker();
    frozen.signal('SIGSTOP');
    await lane.startWorker();
    await delay(random() * 8_000);
    frozen.signal('SIGCONT');
    frozen.signal('SIGTERM');
    await frozen.exited;
  },
  'worker stopped in order': async ({ lane }) => {
    const stopped = lane.worker();
    stopped.signal('SIGTERM');
    await lane.startWorker();
    await stopped.exited;
  },
  [operatorKilled]: async ({ lane }) => {
    lane.operator().signal('SIGKILL');
    await lane.operator().exited;
    await lane.startOperator();
  },
  [helmKilled]: async ({ name, hasEnded }) => {
    let upgrades: readonly number[] = [];
    while (upgrades.length === 0 && !hasEnded()) upgrades = await findUpgrades(name);
    for (const pid of upgrades) kill(pid);
  },
  'Temporal killed': killPart('temporal', 4_000),
  'Temporal frozen': freezePart('temporal', 8_000),
  [databaseKilled]: killPart('temporalDatabase', 4_000),
  'API server killed': killPart('apiServer', 4_000),
  'API server frozen': freezePart('apiServer', 8_000),
  'Prometheus killed': killPart('prometheus', 8_000),
  'Prometheus frozen': freezePart('prometheus', 12_000),
  'API conflicts (409)': meetApi({ kind: 'status', status: 409 }, 5),
  'API overloaded (429)': meetApi({ kind: 'status', status: 429 }, 5),
  'API fails (500)': meetApi({ kind: 'status', status: 500 }, 5),
  'API slow': meetApi({ kind: 'delay', delayMs: 3_000 }, 3),
  'API connections cut': meetApi({ kind: 'reset' }, 5),
  'metrics 503': change('metrics', answer(503, 'unavailable'), 8_000),
  'metrics empty': change(
    'metrics',
    answer(200, { status: 'success', data: { resultType: 'vector', result: [] } }),
    8_000,
  ),
  'metrics NaN': change('metrics', answer(200, vector('NaN')), 8_000),
  'metrics in two series': change('metrics', answer(200, vector('1', '2')), 8_000),
  'metrics torn': change('metrics', answer(200, '{"status":"success","data":{"resultTy'), 8_000),
  'metrics hang': change('metrics', { kind: 'hang' }, 12_000),
  'metrics late': change('metrics', { kind: 'delay', delayMs: 3_000 }, 12_000),
  'notices refused (503)': change('notices', answer(503, 'unavailable'), 12_000),
  'notices hang': change('notices', { kind: 'hang' }, 12_000),
  "the worker's disk is full": async ({ lane: { disk }, random }) => {
    await disk?.fill();
    await delay(random() * 12_000);
    await disk?.empty();
  },
  'a message that cannot be decoded': async ({ lane: { sandbox }, workflowId }) => {
    const meta = ['--input', 'xyz', '--input-meta', 'encoding=binary/strange'];
    await sandbox
      .temporalCommand('workflow', 'signal', '-w', workflowId, '--name', 'pause', ...meta)
      .catch(() => undefined);
  },
};

/** The disturbances that can happen on this sandbox. */
export function possibleDisturbances({ outages }: Pick<Sandbox, 'outages'>): readonly string[] {
  return Object.keys(disturbances).filter((name) => name !== databaseKilled || outages.temporalDatabase !== undefined);
}

/** Processes of helm that upgrade the release, and are no rehearsal. */
async function findUpgrades(release: string): Promise<readonly number[]> {
  const ids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return ids.filter((_, index) => {
    const [program = '', ...args] = (lines[index] ?? '').split('\0');
    const isUpgrade = program.endsWith('/helm') && args.includes('upgrade') && args.includes(release);
    return isUpgrade && !args.some((arg) => arg.startsWith('--dry-run'));
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
