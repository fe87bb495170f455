import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as messages from '../../contract/messages.ts';
import { workflowType } from '../../contract/names.ts';
import { payloadCodec } from '../../temporal/payload-codec.ts';
import { readPayloadKeys } from '../../temporal/payload-keys.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { temporalPath } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { bundleWorkflows } from '../support/workflow-bundle.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';
import type { WorkflowEnvironment } from '../support/workflow-environment.ts';
import { runSerin } from './serin-environment.ts';

const run = promisify(execFile);
const key = (id: string, byte: number): string => `${id} ${Buffer.alloc(32, byte).toString('base64')}\n`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const manifest = 'name: a-manifest-with-a-secret';

let folder: string;
let server: WorkflowEnvironment;
let address: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-codec-'));
  server = await startServerEnvironment();
  address = server.env.address;
  await writeFile(join(folder, 'old'), key('2025', 1));
  await writeFile(join(folder, 'rotated'), `# the newest first\n${key('2026', 2)}\n${key('2025', 1)}`);
});
afterAll(async () => {
  await server.teardown();
  await rm(folder, { recursive: true });
});

/** `temporal workflow …`, of the real CLI. */
async function temporal(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await temporalPath(), ['workflow', ...args, '--address', address], {
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

/** Runs `serin codec` while `use` does something with its address. */
async function withEndpoint<T>(keys: string, use: (url: string) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const found = Promise.withResolvers<string>();
  const onWrite = (stdout: string): void => found.resolve(/http:\S+/.exec(stdout)?.[0] ?? '');
  const args = ['codec', '--keys', join(folder, keys), '--port', '0', '--allow-origin', 'http://web.example'];
  const ended = runSerin(args, { interrupted: stop.signal, onWrite });
  try {
    return await use(await found.promise);
  } finally {
    stop.abort();
    await ended;
  }
}

/** Runs a worker and hands a client to `use`, both with the keys. */
async function withKeys<T>(keys: string, taskQueue: string, use: (client: Client) => Promise<T>): Promise<T> {
  const dataConverter = { payloadCodecs: [payloadCodec(readPayloadKeys(join(folder, keys)))] };
  const { activities } = fakeWorld({ experiment: anExperiment({ intervalMs: 1000, iterations: 1000 }) });
  const worker = await Worker.create({
    connection: server.env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: await bundleWorkflows() },
    activities,
    dataConverter,
  });
  return worker.runUntil(() => use(new Client({ connection: server.env.connection, dataConverter })));
}

async function startRun(client: Client, workflowId: string): Promise<void> {
  const handle = await client.workflow.start(workflowType, { workflowId, taskQueue: workflowId, args: [manifest] });
  await until('traffic', async () => ((await handle.query(messages.statusQuery)).weights.candidates[0] ?? 0) > 0);
}

describe('an encrypted deployment', () => {
  test('shows nothing to Temporal, everything to its CLI with the endpoint, and obeys a CLI that knows of no codec', async () => {
    const report = await withKeys('old', 'encrypted', async (client) => {
      await startRun(client, 'encrypted');
      const stored = await temporal('show', '--workflow-id', 'encrypted', '--output', 'json');
      expect(stored).not.toContain(base64(JSON.stringify(manifest)));
      expect(stored).toContain(base64('binary/encrypted'));
      const shown = await withEndpoint('old', (url) =>
        temporal('show', '--workflow-id', 'encrypted', '--output', 'json', '--codec-endpoint', url),
      );
      expect(shown).toContain(base64(JSON.stringify(manifest)));
      await temporal('signal', '--workflow-id', 'encrypted', '--name', 'abort', '--input', '{"by":"alice"}');
      return client.workflow.getHandle('encrypted').result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by alice' });
  });

  test('goes on after its keys are rotated, and obeys a CLI that encrypts', async () => {
    await withKeys('old', 'rotating', (client) => startRun(client, 'rotating'));
    const report = await withKeys('rotated', 'rotating', async (client) => {
      await withEndpoint('rotated', (url) =>
        temporal(
          'signal',
          '--workflow-id',
          'rotating',
          '--name',
          'abort',
          '--input',
          '{"by":"bob"}',
          '--codec-endpoint',
          url,
        ),
      );
      return client.workflow.getHandle('rotating').result();
    });
    expect(report).toMatchObject({ outcome: 'Aborted', reason: 'aborted by bob' });
    const stored = await temporal('show', '--workflow-id', 'rotating', '--output', 'json');
    for (const id of ['2025', '2026']) expect(stored).toContain(base64(id));
  });
});

test('the endpoint answers the Web UI of the origin that may ask, and nothing but encode and decode', async () => {
  await withEndpoint('old', async (url) => {
    const preflight = await fetch(`${url}/decode`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('http://web.example');
    expect((await fetch(`${url}/keys`)).status).toBe(404);
    for (const body of ['no JSON', '{"payloads": [{"metadata": {"encoding": 1}}]}'])
      expect((await fetch(`${url}/decode`, { method: 'POST', body })).status).toBe(400);
  });
});

test.each([
  ['', /keys: expected a key, `ID BASE64`, got none/],
  ['2025 c2hvcnQ=', /keys:1: expected a name and the base64 of 32 bytes/],
  [`${key('a', 1)}${key('a', 2)}`, /keys: expected each key once, got a twice/],
])('keys that cannot be used are refused: %j', async (text, message) => {
  await writeFile(join(folder, 'keys'), text);
  const { exitCode, stderr } = await runSerin(['codec', '--keys', join(folder, 'keys')]);
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});

test('what was tampered with, or belongs to another key, passes as it is', async () => {
  const [mine, theirs] = ['a', 'b'].map((id, index) => payloadCodec([{ id, secret: Buffer.alloc(32, index) }]));
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('1') };
  const [encrypted] = (await mine?.encode([payload])) ?? [];
  expect(encrypted).toBeDefined();
  if (encrypted === undefined || encrypted.data === undefined || encrypted.data === null) return;
  expect(await mine?.decode([encrypted])).toEqual([payload]);
  expect(await theirs?.decode([encrypted])).toEqual([encrypted]);
  const data = Buffer.from(encrypted.data);
  data.writeUInt8(data.readUInt8(data.length - 1) ^ 1, data.length - 1);
  const tampered = { ...encrypted, data };
  expect(await mine?.decode([tampered, payload])).toEqual([tampered, payload]);
});
