import { describe, expect, test } from 'vitest';
import type { Execution } from '../../client/temporal/experiments.ts';
import type { Report } from '../../core/report/report.ts';
import { ListPoller } from '../../server/list-poller.ts';
import type { ListReading } from '../../server/runs.ts';
import type { TemporalService } from '../../temporal/settings.ts';
import { emptyExecution } from '../client/views.ts';
import { aReport, startedAtMs } from '../support/reports.ts';

/** A Temporal with these runs; each run answers by the function of its id. */
interface FakeTemporal {
  runs: readonly Execution[];
  readonly answers: Map<string, () => Report>;
  readonly session: TemporalService;
  /** The ids of the runs that were asked, in order. */
  readonly asked: string[];
  listed: number;
}

function fakeTemporal(...names: readonly string[]): FakeTemporal {
  const fake: FakeTemporal = {
    runs: names.map((name) => open(name)),
    answers: new Map(names.map((name) => [name, () => aReport({ workflowId: name, name })])),
    asked: [],
    listed: 0,
    session: undefined as never,
  };
  const ask = (workflowId: string): Report => {
    fake.asked.push(workflowId);
    const answer = fake.answers.get(workflowId);
    if (answer === undefined) throw new Error(`${workflowId} cannot be decoded`);
    return answer();
  };
  const client = {
    withDeadline: async <T>(_deadline: number, use: () => Promise<T>) => use(),
    connection: {},
    workflow: {
      async *list() {
        fake.listed += 1;
        yield* fake.runs;
      },
      getHandle: (workflowId: string) => ({
        query: async () => ask(workflowId),
        result: async () => ask(workflowId),
      }),
    },
  };
  // The part of a client that the list needs.
  const session = { client, address: 'fake:7233', namespace: 'default' } as unknown as TemporalService;
  return Object.assign(fake, { session });
}

function open(name: string): Execution {
  return { ...emptyExecution, workflowId: name, runId: name };
}

function closed(name: string, status: 'COMPLETED' | 'FAILED' | 'TERMINATED', minutes = 0): Execution {
  const startTime = new Date(startedAtMs + minutes * 60_000);
  return {
    ...open(name),
    status: { name: status, code: 2 },
    startTime,
    closeTime: new Date(startTime.getTime() + 30_000),
  };
}

/** The first so many readings. */
async function readings(poller: ListPoller, count: number): Promise<readonly ListReading[]> {
  const stop = new AbortController();
  const read: ListReading[] = [];
  for await (const reading of poller.watch(stop.signal)) {
    read.push(reading);
    if (read.length === count) stop.abort();
  }
  return read;
}

const rowOf = ({ experiments }: ListReading, name: string) => experiments.find(({ workflowId }) => workflowId === name);

describe('the list', () => {
  test('has what each run says', async () => {
    const [reading] = await readings(new ListPoller(fakeTemporal('a', 'b').session), 1);
    expect(reading?.experiments).toMatchObject([
      { workflowId: 'a', name: 'default/a', stage: 'Running', weights: [40], headline: { what: expect.any(String) } },
      { workflowId: 'b', name: 'default/b' },
    ]);
  });

  test('asks fifty of many runs a turn, and each before it asks one again', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `run-${index}`);
    const fake = fakeTemporal(...names);
    await readings(new ListPoller(fake.session), 3);
    expect(fake.listed).toBe(3);
    expect(fake.asked).toHaveLength(150);
    expect(new Set(fake.asked.slice(0, 120)).size).toBe(120);
  });

  test('asks a run that has ended once', async () => {
    const fake = fakeTemporal('a', 'b');
    fake.runs = [open('a'), closed('b', 'COMPLETED')];
    fake.answers.set('b', () => aReport({ workflowId: 'b', stage: 'Completed', outcome: 'Promoted' }));
    await readings(new ListPoller(fake.session), 2);
    expect(fake.asked.filter((name) => name === 'b')).toHaveLength(1);
  });

  test('is not kept from anybody by one run that cannot be read, or says what nobody knows', async () => {
    const fake = fakeTemporal('a', 'b', 'c', 'd');
    fake.runs = [open('a'), closed('b', 'FAILED'), open('c'), open('d')];
    fake.answers.delete('b');
    fake.answers.set('c', () => ({ ...aReport({ workflowId: 'c' }), stage: 'Undreamt' as Report['stage'] }));
    const [reading] = await readings(new ListPoller(fake.session), 1);
    if (reading === undefined) throw new Error('there is no reading');
    expect(reading.note).toBeUndefined();
    expect([rowOf(reading, 'a')?.name, rowOf(reading, 'd')?.name]).toEqual(['default/a', 'default/d']);
    expect(rowOf(reading, 'c')).toMatchObject({ attention: 'stuck' });
    expect(rowOf(reading, 'b')).toMatchObject({ isClosed: true });
  });

  test('says that a run was terminated, whatever it said before', async () => {
    const fake = fakeTemporal('a');
    fake.answers.set('a', () => aReport({ workflowId: 'a', awaitingApproval: { sinceMs: 1, untilMs: 2 } }));
    const poller = new ListPoller(fake.session);
    const stop = new AbortController();
    const seen: (string | undefined)[] = [];
    for await (const reading of poller.watch(stop.signal)) {
      seen.push(rowOf(reading, 'a')?.attention);
      fake.runs = [closed('a', 'TERMINATED')];
      if (seen.length === 2) stop.abort();
    }
    expect(seen).toEqual(['approval', 'unsafe']);
  });

  test('lets an ended run that may have left traffic split go once a later one has its target', async () => {
    const fake = fakeTemporal('older', 'newer');
    fake.runs = [closed('older', 'FAILED')];
    const failed = {
      stage: 'Completed',
      outcome: 'Failed',
      weights: { baseline: 60, candidates: [40], confirmed: true },
    } as const;
    fake.answers.set('older', () => aReport({ workflowId: 'older', ...failed }));
    const poller = new ListPoller(fake.session);
    const stop = new AbortController();
    const seen: (string | undefined)[] = [];
    for await (const reading of poller.watch(stop.signal)) {
      seen.push(rowOf(reading, 'older')?.attention);
      const later = new Date(startedAtMs + 3_600_000);
      fake.runs = [{ ...open('newer'), startTime: later }, closed('older', 'FAILED')];
      fake.answers.set('newer', () => aReport({ workflowId: 'newer', startedAtMs: later.getTime() }));
      if (seen.length === 2) stop.abort();
    }
    expect(seen).toEqual(['unsafe', undefined]);
  });

  test('is read as long as somebody looks, once for all who do', async () => {
    const fake = fakeTemporal('a');
    const poller = new ListPoller(fake.session);
    await Promise.all([readings(poller, 2), readings(poller, 2)]);
    const { listed } = fake;
    expect(listed).toBeLessThanOrEqual(3);
    await readings(poller, 1);
    expect(fake.listed).toBe(listed + 1);
  });
});
