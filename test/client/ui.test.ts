import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Report } from '../../core/report/report.ts';
import type { ExperimentPage, FrozenPage, ListChange, ServerFacts } from '../../server/api.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { until } from '../support/until.ts';
import { runSerin, startSerinEnvironment } from './serin-environment.ts';
import type { SerinEnvironment } from './serin-environment.ts';

let place: SerinEnvironment;

beforeAll(async () => {
  place = await startSerinEnvironment();
});

afterAll(() => place.teardown());

/** A browser that has opened the address. */
interface Visitor {
  readonly origin: string;
  readonly get: (path: string) => Promise<Response>;
  readonly post: (body: object) => Promise<Response>;
  /** The first value of a stream that is as wanted. */
  readonly awaitValue: <T>(path: string, isWanted: (value: T) => boolean) => Promise<T>;
}

/** Runs `serin ui` for as long as the test takes, and opens its address. */
async function openUi(...flags: readonly string[]): Promise<Visitor> {
  const interruption = new AbortController();
  let stdout = '';
  const address = flags.includes('--address') ? [] : ['--address', place.address];
  const command = runSerin(['ui', '--no-open', '--by', 'alice', ...address, ...flags], {
    interrupted: interruption.signal,
    onWrite: (text) => (stdout = text),
  });
  onTestFinished(async () => {
    interruption.abort();
    expect((await command).exitCode).toBe(0);
  });
  const url = new URL(await until('the address', async () => /^http:\S+/.exec(stdout)?.[0]));
  const login = await fetch(url);
  const headers = { cookie: login.headers.get('set-cookie')?.split(';')[0] ?? '' };
  const get = (path: string): Promise<Response> => fetch(`${url.origin}${path}`, { headers });
  return {
    origin: url.origin,
    get,
    post: (body) =>
      fetch(`${url.origin}/api/ask`, {
        method: 'POST',
        headers: { ...headers, origin: url.origin, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    awaitValue: async <T>(path: string, isWanted: (value: T) => boolean) => {
      for await (const value of readValues<T>(await get(path))) if (isWanted(value)) return value;
      throw new Error(`${path} ended without what was wanted`);
    },
  };
}

async function* readValues<T>({ body }: Response): AsyncGenerator<T> {
  let text = '';
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const data = /^event: value$/m.test(event) ? /^data: (.*)$/m.exec(event)?.[1] : undefined;
      if (data !== undefined) yield JSON.parse(data) as T;
    }
  }
}

const idOf = (workflowId: string): string => `?id=${encodeURIComponent(workflowId)}`;

/** The report of the experiment as the page gets it, once it is as wanted. */
async function awaitReport(
  ui: Visitor,
  workflowId: string,
  isWanted: (report: Report) => boolean,
): Promise<ExperimentPage> {
  return ui.awaitValue<ExperimentPage>(
    `/api/experiment${idOf(workflowId)}`,
    ({ report }) => report !== undefined && isWanted(report),
  );
}

const slow = anExperiment({ intervalMs: 1_000, iterations: 200 });

describe('serin ui', () => {
  test('lists experiments, follows one, and tells the facts of its intervals', async () => {
    const ui = await openUi();
    await place.withWorker('followed', fakeWorld({ experiment: slow }), async () => {
      await place.startExperiment('followed');
      const listed = await ui.awaitValue<ListChange>('/api/experiments', ({ changed }) =>
        changed.some(({ workflowId, name }) => workflowId === 'followed' && name !== undefined),
      );
      expect(listed.changed.find(({ workflowId }) => workflowId === 'followed')).toMatchObject({
        name: 'default/canary',
        target: 'default/sample-app',
        isClosed: false,
      });
      const page = await awaitReport(ui, 'followed', ({ completedIterations }) => completedIterations >= 2);
      expect(page.headline?.next?.atMs).toBeGreaterThan(page.startedAtMs);
      const record = (await (await ui.get(`/api/record${idOf('followed')}`)).json()) as FrozenPage['record'];
      expect(record?.course.intervals.length).toBeGreaterThanOrEqual(2);
      expect(record?.acts[0]).toMatchObject({ kind: 'traffic', shares: [{ percent: 90 }, { percent: 10 }] });
      const facts = (await (await ui.get(`/api/explanation${idOf('followed')}&interval=1`)).json()) as string[];
      const { stdout } = await place.serin(['explain', 'followed', '--iteration', '1']);
      expect(facts.slice(1)).toEqual(stdout.trimEnd().split('\n').slice(1));
    });
  });

  test('steers as its user, and the experiment says who it was', async () => {
    const ui = await openUi();
    await place.withWorker('steered', fakeWorld({ experiment: slow }), async () => {
      await place.startExperiment('steered');
      const { report } = await awaitReport(ui, 'steered', ({ startedAtMs }) => startedAtMs !== undefined);
      const ask = { workflowId: 'steered', firstRunId: report?.firstRunId };
      const paused = await ui.post({ ...ask, request: 'pause', reason: 'lunch' });
      expect([paused.status, await paused.json()]).toEqual([200, { message: expect.stringContaining('pause') }]);
      expect((await awaitReport(ui, 'steered', (one) => one.paused !== undefined)).headline).toMatchObject({
        why: 'paused by alice: lunch',
      });
      const early = await ui.post({ ...ask, request: 'approve' });
      expect([early.status, await early.json()]).toMatchObject([409, { kind: 'refused' }]);
      expect((await ui.post({ ...ask, request: 'abort', reason: 'enough' })).status).toBe(200);
      const end = await awaitReport(ui, 'steered', ({ outcome }) => outcome !== undefined);
      expect(end.report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by alice: enough' });
      const late = await ui.post({ ...ask, request: 'pause' });
      expect([late.status, await late.json()]).toMatchObject([
        409,
        { message: 'cannot pause steered: the experiment has ended (completed)' },
      ]);
    });
  });

  test('does not ask another run than the one that was seen', async () => {
    const ui = await openUi();
    await place.withWorker('renewed', fakeWorld({ experiment: slow }), async () => {
      await place.startExperiment('renewed');
      const answer = await ui.post({ workflowId: 'renewed', firstRunId: 'the-run-before', request: 'abort' });
      expect([answer.status, await answer.json()]).toMatchObject([
        409,
        { message: 'renewed has been started anew; look at it, and ask again' },
      ]);
      await place.env.client.workflow.getHandle('renewed').terminate();
    });
  });

  test('says that Temporal is away, and what an experiment is called that does not exist', async () => {
    const away = await openUi('--address', '127.0.0.1:1');
    const { note } = await away.awaitValue<ListChange>('/api/experiments', (change) => change.note !== undefined);
    expect(note).toContain('127.0.0.1:1');
    expect(((await (await away.get('/api/facts')).json()) as ServerFacts).user).toBe('alice');
    const ui = await openUi();
    expect((await ui.get(`/api/record${idOf('nothing')}`)).status).toBe(404);
  });

  test('says which port is taken', async () => {
    const { origin } = await openUi();
    const { port } = new URL(origin);
    const second = await runSerin(['ui', '--no-open', '--address', place.address, '--port', port]);
    expect(second).toMatchObject({ exitCode: 1, stderr: `serin: port ${port} is in use; --port takes another\n` });
  });
});

describe('serin report', () => {
  test('writes an experiment to one file of HTML', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'serin-report-')), 'report.html');
    await place.withWorker(
      'kept',
      fakeWorld({ experiment: anExperiment({ intervalMs: 500, iterations: 2 }) }),
      async () => {
        await place.startExperiment('kept');
        await place.env.client.workflow.getHandle('kept').result();
      },
    );
    const run = await place.serin(['report', 'kept', '--to', file]);
    expect(run).toMatchObject({ exitCode: 0, stdout: `kept is in ${file}\n`, stderr: '' });
    const html = await readFile(file, 'utf8');
    const data = /<script type="application\/json" id="frozen">(.*?)<\/script>/.exec(html)?.[1] ?? '';
    const { page, record, explanations } = JSON.parse(data) as FrozenPage;
    expect(page.report?.outcome).toBe('Promoted');
    expect(explanations).toHaveLength(record?.course.intervals.length ?? 0);
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
  });

  test('says where it cannot write', async () => {
    const run = await place.serin(['report', 'kept', '--to', '/nowhere/report.html']);
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('cannot write /nowhere/report.html') });
  });
});
