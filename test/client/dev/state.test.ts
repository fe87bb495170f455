import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultStateDirectory, devDirectory, withDirectory } from '../../../client/dev/state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-state-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the state of serin dev', () => {
  test("is in the user's home, or where XDG_STATE_HOME says", () => {
    expect(defaultStateDirectory({})).toBe(join(homedir(), '.local/state/serin'));
    expect(defaultStateDirectory({ XDG_STATE_HOME: '/s' })).toBe('/s/serin');
  });

  test.each([
    ['https://127.0.0.1:6443', '7233', '/s/dev/127.0.0.1-6443/7233'],
    [
      'https://rancher.example/k8s/clusters/c-1',
      'localhost:7233',
      '/s/dev/rancher.example-k8s-clusters-c-1/localhost-7233',
    ],
    ['https://10.0.0.1/', '7333', '/s/dev/10.0.0.1/7333'],
  ])('of %s and %s is in a directory of its own', (server, temporal, directory) => {
    expect(devDirectory('/s', { server, temporal })).toBe(directory);
  });

  test('is for one at a time: the other is named', async () => {
    const directory = join(folder, 'one');
    await withDirectory(directory, async () => {
      await expect(withDirectory(directory, async () => 'used')).rejects.toThrow(
        `${directory} is used by another serin dev, process ${process.pid}: end it, or use another --port or --state`,
      );
    });
    expect(await withDirectory(directory, async () => 'used')).toBe('used');
  });

  test('is free again when its user was killed', async () => {
    const ended = spawn('true');
    await once(ended, 'exit');
    await writeFile(join(folder, 'pid'), String(ended.pid));
    expect(await withDirectory(folder, () => readFile(join(folder, 'pid'), 'utf8'))).toBe(String(process.pid));
  });
});
