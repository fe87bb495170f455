import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheDirectory, fillOnce } from '../../sandbox/tools/cache.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'serin-cache-test-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('filling a folder of the cache', () => {
  test('happens once when several ask at the same time', async () => {
    let fills = 0;
    const fill = async (directory: string) => {
      fills += 1;
      await writeFile(join(directory, 'tool'), 'built');
    };
    await Promise.all(Array.from({ length: 5 }, () => fillOnce(join(root, 'tools', 'etcd'), fill)));
    expect(fills).toBe(1);
    expect(await readFile(join(root, 'tools', 'etcd', 'tool'), 'utf8')).toBe('built');
  });

  test('leaves nothing behind when it fails', async () => {
    const fill = () => Promise.reject(new Error('no compiler'));
    await expect(fillOnce(join(root, 'tools', 'etcd'), fill)).rejects.toThrow('no compiler');
    expect(await readdir(join(root, 'tools'))).toEqual([]);
  });

  test('goes on after a process that died while it filled', async () => {
    await mkdir(join(root, 'tools'));
    // Above the highest process id that Linux gives.
    await writeFile(join(root, 'tools', 'etcd.lock'), '4194305');
    await mkdir(join(root, 'tools', 'etcd.4194305.tmp'));
    await writeFile(join(root, 'tools', 'etcd.4194305.tmp', 'tool'), 'half built');
    await fillOnce(join(root, 'tools', 'etcd'), (directory) => writeFile(join(directory, 'tool'), 'built'));
    expect(await readdir(join(root, 'tools'))).toEqual(['etcd']);
  });
});

describe('the cache folder', () => {
  test.each([
    [{ SERIN_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/serin'],
  ])('with %o is %s', (environment, expected) => {
    expect(cacheDirectory(environment)).toBe(expected);
  });
});
