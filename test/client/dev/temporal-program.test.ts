import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findTemporal, fits } from '../../../client/dev/temporal-program.ts';

let folder: string;
let downloads: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-temporal-'));
  downloads = join(folder, 'downloads');
  await mkdir(downloads);
  vi.stubEnv('PATH', join(folder, 'bin'));
  await mkdir(join(folder, 'bin'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A program that says its version as Temporal's does. */
async function aTemporal(path: string, server: string): Promise<void> {
  const file = join(folder, path);
  await writeFile(file, `#!/bin/sh\necho 'temporal version 1.5.1 (Server ${server}, UI 2.42.1)'\n`);
  await chmod(file, 0o755);
}

test.each([
  ['1.29.0', true],
  ['1.31.2', true],
  ['2.0.0', true],
  ['1.28.9', false],
  ['0.30.0', false],
])('a server %s fits: %s', (version, does) => {
  expect(fits({ version })).toBe(does);
});

describe('the development server', () => {
  test('is the one on the PATH', async () => {
    await aTemporal('bin/temporal', '1.29.1');
    expect(await findTemporal(downloads, () => undefined)).toEqual({ path: 'temporal', version: '1.29.1' });
  });

  test('is the one that was downloaded, where the PATH has none or an old one', async () => {
    await aTemporal('downloads/temporal-sdk-typescript-1.24.0', '1.31.0');
    const downloaded = { path: join(downloads, 'temporal-sdk-typescript-1.24.0'), version: '1.31.0' };
    expect(await findTemporal(downloads, () => undefined)).toEqual(downloaded);
    await aTemporal('bin/temporal', '1.22.0');
    expect(await findTemporal(downloads, () => undefined)).toEqual(downloaded);
  });

  test('that can neither be found nor downloaded is a failure that says how to get it', async () => {
    await aTemporal('bin/temporal', '1.22.0');
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    const notes: string[] = [];
    await expect(findTemporal(downloads, (text) => notes.push(text))).rejects.toThrow(
      /^the `temporal` on the PATH has the server 1\.22\.0, and serin wants 1\.29 or newer, and none can be downloaded: .+; install Temporal's command line \(https:\/\/docs\.temporal\.io\/cli\)$/,
    );
    expect(notes).toEqual([expect.stringContaining(`downloading Temporal's development server to ${downloads}`)]);
  });
});
