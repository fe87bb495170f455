import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RemainingNoticesWorkflow } from '../../contract/notices.ts';
import { isJsonObject, parseJson, readField } from '../../core/text/json.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { startHttpServer } from '../activities/http/http-server.ts';
import type { TestServer } from '../activities/http/http-server.ts';
import { startSlackServer } from '../activities/notices/slack-server.ts';
import type { SlackServer } from '../activities/notices/slack-server.ts';
import { runSerin } from '../client/serin-environment.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, setCandidateFaults, startExperiment, underLoad } from '../support/scenario.ts';
import type { Scenario } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { killWorker, startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'notices';
const taskQueue = 'notices';

let sandbox: Sandbox;
let slack: SlackServer;
let hook: TestServer;
/** Takes requests and never answers. */
let silent: TestServer;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  slack = await startSlackServer('xoxb-1');
  hook = await startHttpServer();
  silent = await startHttpServer(() => undefined);
  const receivers = [
    { name: 'team', slack: { channel: '#releases', token: 'xoxb-1' } },
    { name: 'hook', webhook: { url: hook.url } },
    { name: 'silent', webhook: { url: silent.url } },
  ];
  const metadata = { name: 'serin-notices', namespace };
  await deployTarget({ name: 'first', namespace });
  const stringData = { 'receivers.yaml': JSON.stringify({ receivers }) };
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
});
afterAll(() => Promise.all([slack, hook, silent].map((server) => server.close())));

const workerOptions = () => {
  const env = {
    SERIN_SLACK_URL: slack.url,
    SERIN_CLUSTER_NAME: 'sandbox',
    SERIN_SERVER_URL: 'https://serin.example.com',
  };
  return { taskQueue, env };
};

interface HookedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

function eventsOf({ target }: Scenario): readonly HookedEvent[] {
  const bodies = hook.received.map(({ body }) => parseJson(body)).filter(isJsonObject);
  const own = bodies.filter((event) => readField(event['data'], 'target') === `${namespace}/${target.name}`);
  return own.map(({ id, type, subject }) => ({ id: String(id), type: String(type), subject: String(subject) }));
}

test('what happens to an experiment is told to all receivers, though one hangs and the worker is killed; it takes no longer for that', async () => {
  const target = await deployTarget({ name: 'told', namespace });
  const worker = await startWorkerProcess(sandbox, { name: 'notices-1', ...workerOptions() });
  const { value } = await underLoad(target, async () => {
    const scenario = await startExperiment(target, { taskQueue, iterations: 4, intervalSeconds: 3 });
    await until('the first notice', async () => eventsOf(scenario).length > 0);
    await killWorker(worker);
    await startWorkerProcess(sandbox, { name: 'notices-2', ...workerOptions() });
    await scenario.untilReport('a second iteration', ({ completedIterations }) => completedIterations >= 2);
    await setCandidateFaults(target, { kind: 'errors', rate: 1 });
    const end = await scenario.end();
    const last = await until('the last notice', async () =>
      eventsOf(scenario).find(({ type }) => type.endsWith('.rolledback')),
    );
    return { scenario, end, last };
  });
  const { scenario, end, last } = value;
  expect(end.report).toMatchObject({ outcome: 'RolledBack' });
  const { firstRunId } = end.report;
  expect(last).toEqual({
    id: expect.stringMatching(new RegExp(`^${firstRunId}/notice/\\d+$`)),
    type: 'dev.serin.experiment.rolledback',
    subject: `${namespace}/${end.report.name}`,
  });
  // At least once: by its key each is known.
  const distinct = new Map(eventsOf(scenario).map(({ id, type }) => [id, type.split('.').at(-1)]));
  expect([...distinct.values()][0]).toBe('started');
  expect([...distinct.values()].at(-1)).toBe('rolledback');
  // Slack has no keys: where a worker was lost before it knew the answer, the thread begins again.
  const messages = slack.messages.filter(({ text }) => text.includes(end.report.name));
  const root = messages.findLast(({ thread }) => thread === undefined);
  expect(root).toMatchObject({ text: expect.stringContaining('Rolled back to') });
  expect(JSON.stringify(root?.blocks)).toContain('https://serin.example.com/experiment?id=');
  expect(messages.findLast(({ thread }) => thread !== undefined)?.thread).toBe(root?.ts);
  expect(silent.received.length).toBeGreaterThan(1);
  // The run is over, and what nobody takes is tried by a workflow of its own.
  const { client } = await testCluster();
  const rest = client.workflow.getHandle<RemainingNoticesWorkflow>(`serin-notices/${firstRunId}`);
  expect((await rest.describe()).status.name).toBe('RUNNING');
  await rest.terminate('the test is over');
});

test('the doctor says where notices go, and who cannot read it', async () => {
  const args = [
    '--kubeconfig',
    sandbox.kubeconfig,
    '--address',
    sandbox.temporal.address,
    '--target',
    `${namespace}/first`,
  ];
  const { stdout } = await runSerin(['doctor', ...args]);
  expect(stdout).toContain(
    '  ok    notices of experiments in notices go to team (slack), hook (webhook), silent (webhook)\n',
  );
  const other = await runSerin(['doctor', ...args, '--as', 'system:serviceaccount:notices:other']);
  expect(other.stdout).toContain('may not read the Secret notices/serin-notices: nobody is told');
});

test('a refusal before any traffic moves is told', async () => {
  const target = await deployTarget({ name: 'refused', namespace });
  const annotations = { 'readiness-limit': '2s' };
  const changes = { taskQueue, annotations, candidateRevision: 'refused-nothing' };
  const scenario = await startExperiment(target, changes);
  const failed = await until('the notice', async () => eventsOf(scenario).find(({ type }) => type.endsWith('.failed')));
  expect(failed.id).toMatch(/\/notice\/1$/);
  expect((await scenario.end()).report).toMatchObject({ outcome: 'Failed' });
});
