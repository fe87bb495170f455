import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serin-prepare-'));
  await mkdir(join(directory, 'deploy/docker'), { recursive: true });
  await cp('deploy/docker/prepare.sh', join(directory, 'deploy/docker/prepare.sh'));
  await writeFile(join(directory, 'kubectl'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
});

afterEach(() => rm(directory, { recursive: true }));

async function prepare(): Promise<Readonly<Record<string, string>>> {
  const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}` };
  await promisify(execFile)(join(directory, 'deploy/docker/prepare.sh'), { env });
  const lines = (await readFile(join(directory, '.env'), 'utf8')).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('=')));
}

async function mode(file: string): Promise<string> {
  return ((await stat(join(directory, file))).mode & 0o777).toString(8);
}

describe('deploy/docker/prepare.sh', () => {
  test('makes a password that only the owner can read, and keeps it', async () => {
    const first = await prepare();
    expect(first['POSTGRES_PASSWORD']).toMatch(/^[0-9a-f]{32}$/);
    expect(await mode('.env')).toBe('600');
    expect(await prepare()).toEqual(first);
  });

  test("writes the current context's kubeconfig, for the owner and the group that .env names", async () => {
    expect((await prepare())['KUBECONFIG_GROUP']).toBe(String(process.getgid?.()));
    expect(await readFile(join(directory, 'kubeconfig'), 'utf8')).toBe('config view --minify --flatten\n');
    expect(await mode('kubeconfig')).toBe('640');
  });
});
