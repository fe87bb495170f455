import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { searchAttributes } from '../../contract/messages.ts';
import { temporalPath } from '../support/tools.ts';
import { startTemporalServer } from '../worker/temporal-server.ts';
import type { TemporalServer } from '../worker/temporal-server.ts';

const script = join(import.meta.dirname, '../../deploy/docker/prepare-namespace.sh');
const scriptLimitMs = 60_000;

let server: TemporalServer;

beforeAll(async () => {
  server = await startTemporalServer();
});

afterAll(async () => {
  await server.remove();
});

async function prepare(namespace: string): Promise<void> {
  const PATH = `${dirname(await temporalPath())}:${process.env['PATH']}`;
  const env = { ...process.env, PATH, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: namespace };
  await promisify(execFile)('sh', [script], { env, timeout: scriptLimitMs });
}

async function listAttributes(namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await server.connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(customAttributes);
}

describe('deploy/docker/prepare-namespace.sh', () => {
  test.each(['default', 'shop'])(
    'gives namespace %s what serin needs, however often it runs',
    async (namespace) => {
      await prepare(namespace);
      await prepare(namespace);
      expect(await listAttributes(namespace)).toEqual(expect.arrayContaining(searchAttributes.map(({ name }) => name)));
    },
    3 * scriptLimitMs,
  );
});
