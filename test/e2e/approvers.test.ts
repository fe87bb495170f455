import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { approveSignal, approveUpdate } from '../../contract/messages.ts';
import { ActReader } from '../../client/temporal/recorded-acts.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { freePort } from '../../sandbox/processes/ports.ts';
import { testCluster } from '../support/cluster.ts';
import { deployTarget, servedTraffic, startExperiment, underLoad } from '../support/scenario.ts';
import type { Scenario } from '../support/scenario.ts';
import { startServerProcess } from '../support/server-process.ts';
import { newSigningKeys } from '../support/signing-keys.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const namespace = 'approvers';
const taskQueue = 'approvers';
const serin = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));
const run = promisify(execFile);

let sandbox: Sandbox;
let server: string;
/** Tokens of people: ann and bob may approve, eve may only look, and mia may do so elsewhere. */
let tokens: Readonly<Record<'ann' | 'bob' | 'eve' | 'mia', string>>;

const nameOf = (person: string): string => `system:serviceaccount:${namespace}:${person}`;

beforeAll(async () => {
  ({ sandbox } = await testCluster());
  await sandbox.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  tokens = {
    ann: await addPerson('ann', ['get', 'approve', 'abort', 'pause']),
    bob: await addPerson('bob', ['get', 'approve']),
    eve: await addPerson('eve', ['get']),
    mia: await addPerson('mia', []),
  };
  const folder = join(sandbox.stateDirectory, 'approvers');
  await mkdir(folder, { recursive: true });
  const keys = newSigningKeys();
  await writeFile(join(folder, 'signing.pem'), keys.privateKey, { mode: 0o600 });
  await writeFile(join(folder, 'verification.pem'), keys.publicKey);
  const env = { SERIN_VERIFICATION_KEYS_FILE: join(folder, 'verification.pem') };
  await startWorkerProcess(sandbox, { name: 'approvers-worker', taskQueue, env });
  const signingKeyFile = join(folder, 'signing.pem');
  ({ origin: server } = await startServerProcess(sandbox, { name: 'approvers-server', signingKeyFile }));
});

/** A service account with these rights on Experiments of the namespace; returns its token. */
async function addPerson(name: string, verbs: readonly string[]): Promise<string> {
  await sandbox.kubectl('create', 'serviceaccount', name, '-n', namespace);
  if (verbs.length > 0) {
    const resource = ['--resource=experiments.serin.dev', ...verbs.map((verb) => `--verb=${verb}`)];
    await sandbox.kubectl('create', 'role', name, '-n', namespace, ...resource);
    await sandbox.kubectl(
      'create',
      'rolebinding',
      name,
      '-n',
      namespace,
      `--role=${name}`,
      `--serviceaccount=${namespace}:${name}`,
    );
  }
  return (await sandbox.kubectl('create', 'token', name, '-n', namespace)).trim();
}

interface Said {
  readonly isDone: boolean;
  readonly text: string;
}

/** Runs a command of `serin` as somebody, by the server. */
async function serinAs(person: keyof typeof tokens, ...args: readonly string[]): Promise<Said> {
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: sandbox.temporal.address,
    SERIN_SERVER: server,
    SERIN_TOKEN: tokens[person],
  };
  return run(process.execPath, [serin, ...args], { env }).then(
    ({ stdout }) => ({ isDone: true, text: stdout }),
    (error: unknown) => ({ isDone: false, text: (error as { stderr: string }).stderr }),
  );
}

async function untilGate({ untilReport }: Scenario): Promise<void> {
  await untilReport('the gate', ({ awaitingApproval }) => awaitingApproval !== undefined);
}

const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];

describe('a gate with approvers', () => {
  test('is opened by two people whom the cluster knows, and by nothing else', async () => {
    const target = await deployTarget({ name: 'signed', namespace });
    const approvers = `2 of ${nameOf('ann')}, group:system:serviceaccounts:${namespace}`;
    const { value: end } = await underLoad(target, async () => {
      const scenario = await startExperiment(target, { taskQueue, objectives, annotations: { approvers } });
      const { handle, untilReport } = scenario;
      const { workflowId } = handle;
      await untilGate(scenario);

      const raw = handle.executeUpdate(approveUpdate, { args: [{ by: nameOf('ann') }] });
      await expect(raw).rejects.toMatchObject({ cause: { message: expect.stringContaining('must be verified') } });
      await handle.signal(approveSignal, { by: nameOf('ann'), proof: 'made.up.proof' });
      await untilReport('its refusal', ({ warnings }) => warnings.join().includes('its proof is refused'));

      expect(await serinAs('eve', 'approve', workflowId)).toEqual({
        isDone: false,
        text: `serin: ${nameOf('eve')} may not approve experiments.serin.dev in namespace ${namespace}; a Role with that verb allows it (docs/approvals.md)\n`,
      });
      expect(await serinAs('mia', 'approve', workflowId)).toEqual({
        isDone: false,
        text: `serin: there is no experiment ${workflowId} that ${nameOf('mia')} may see\n`,
      });
      expect(await serinAs('ann', 'approve', workflowId)).toEqual({
        isDone: true,
        text: `${workflowId}: approve accepted; the promotion needs ${approvers} (so far ${nameOf('ann')})\n`,
      });
      expect(await serinAs('ann', 'approve', workflowId)).toEqual({
        isDone: false,
        text: `serin: cannot approve: ${nameOf('ann')} has approved already; 1 more must\n`,
      });
      expect((await untilReport('its report', () => true)).stage).toBe('Running');
      const second = await serinAs('bob', 'approve', workflowId, '--reason', 'looks good');
      expect(second).toEqual({ isDone: true, text: `${workflowId}: approve accepted\n` });
      const done = await scenario.end();
      const reader = new ActReader();
      for (const event of (await handle.fetchHistory()).events ?? []) reader.read(event);
      const asked = reader.acts.filter((act) => act.kind === 'request' && act.verified !== undefined);
      const made = { kind: 'request', request: 'approve', atMs: expect.any(Number) };
      const verified = (person: string) => ({ ...made, by: nameOf(person), verified: { user: nameOf(person) } });
      expect(asked).toEqual([
        verified('ann'),
        { ...verified('ann'), refused: `cannot approve: ${nameOf('ann')} has approved already; 1 more must` },
        { ...verified('bob'), reason: 'looks good' },
      ]);
      return done;
    });
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
    expect(end.report.reason).toContain(
      `approved, verified: ${nameOf('ann')} and ${nameOf('bob')} (group system:serviceaccounts:${namespace}): looks good`,
    );
    expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
  });

  test('is refused before any traffic moves where the worker can verify nobody', async () => {
    const target = await deployTarget({ name: 'unsigned', namespace });
    const { end } = await startExperiment(target, { objectives, annotations: { approvers: 'ann' } });
    expect(await end()).toMatchObject({
      status: 'failed',
      type: 'PreflightRefused',
      message: expect.stringContaining(
        "its approvers are named, but this worker can verify nobody's name: SERIN_VERIFICATION_KEYS_FILE names the public keys",
      ),
    });
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });
});

test('an abort by the server says who it was, and one without the server still counts', async () => {
  const [first, second, third] = await Promise.all(
    ['stopped', 'halted', 'ended'].map(async (name) => {
      const target = await deployTarget({ name, namespace });
      const scenario = await startExperiment(target, { taskQueue, iterations: 100, objectives: [] });
      await scenario.untilReport('the first step', ({ startedAtMs }) => startedAtMs !== undefined);
      return { target, scenario };
    }),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error('expected three');

  const { workflowId } = first.scenario.handle;
  expect(await serinAs('ann', 'abort', workflowId, '--reason', 'checkout is broken')).toMatchObject({ isDone: true });
  expect(await first.scenario.end()).toMatchObject({
    report: { outcome: 'Aborted', reason: `aborted, verified: ${nameOf('ann')}: checkout is broken` },
  });
  expect(await servedTraffic(first.target)).toEqual({ [first.target.baselineRevision]: 100 });

  // The server does not let bob abort, and an abort does not depend on it.
  expect(await serinAs('bob', 'abort', third.scenario.handle.workflowId)).toMatchObject({ isDone: true });
  const { report } = await third.scenario.end();
  expect(report).toMatchObject({ outcome: 'Aborted' });
  expect(report.abortRequested?.verified).toBeUndefined();

  const lost = `http://127.0.0.1:${await freePort()}`;
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: sandbox.temporal.address,
    SERIN_SERVER: lost,
    SERIN_TOKEN: tokens.ann,
    USER: 'ann',
  };
  const { stderr } = await run(process.execPath, [serin, 'abort', second.scenario.handle.workflowId], { env });
  expect(stderr).toContain(`${lost} (SERIN_SERVER) does not answer`);
  expect(stderr).toContain('the abort goes to Temporal, by a name that nobody has verified');
  expect(await second.scenario.end()).toMatchObject({ report: { outcome: 'Aborted', reason: 'aborted by ann' } });
});

test('a browser logs in with a token, and sees what its person may', async () => {
  const page = await fetch(`${server}/`, { redirect: 'manual' });
  expect([page.status, page.headers.get('location')]).toEqual([303, '/login?next=%2F']);
  const login = await fetch(`${server}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: server, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token: tokens.eve }),
  });
  expect(login.status).toBe(303);
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  const facts = await fetch(`${server}/api/facts`, { headers: { cookie } });
  expect(await facts.json()).toMatchObject({ user: nameOf('eve'), isVerified: true });
  expect((await fetch(`${server}/`, { headers: { cookie } })).headers.get('content-type')).toContain('text/html');
});
