import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSerinEnvironment } from '../serin-environment.ts';
import type { SerinEnvironment } from '../serin-environment.ts';

const program = fileURLToPath(new URL('../../../client/serin.ts', import.meta.url));

let environment: SerinEnvironment;
let folder: string;
beforeAll(async () => {
  environment = await startSerinEnvironment();
  folder = await mkdtemp(join(tmpdir(), 'serin-connection-'));
});
afterAll(async () => {
  await environment.teardown();
  await rm(folder, { recursive: true });
});

/** Runs the program by itself, in an environment with nothing of this one but the path. */
async function serin(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const { PATH = '' } = process.env;
  const options = { env: { PATH, HOME: folder, ...env } };
  const run = promisify(execFile)(program, args, options);
  return run.then(
    ({ stdout, stderr }) => stdout + stderr,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  );
}

test("connects by Temporal's environment variables", async () => {
  const text = await serin({ TEMPORAL_ADDRESS: environment.address }, 'get');
  expect(text).toBe('no experiments; `serin start -f FILE` starts one\n');
});

test("connects by a profile of Temporal's configuration file", async () => {
  const file = join(folder, 'temporal.toml');
  await writeFile(file, `[profile.here]\naddress = "${environment.address}"\nnamespace = "nowhere"\n`);
  const env = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'here' };
  expect(await serin(env, 'get')).toContain(`Temporal at ${environment.address} has no namespace nowhere`);
  expect(await serin(env, 'get', '--namespace', 'default')).toContain('no experiments');
});

test('says what is wrong with the configuration', async () => {
  const text = await serin({ TEMPORAL_PROFILE: 'missing' }, 'get');
  expect(text).toMatch(/^serin: the Temporal configuration cannot be used: .*missing/);
});
