import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inScratchDirectory } from '../../activities/scratch-directory.ts';
import { mountDisk } from '../chaos/survival/disk.ts';
import type { Disk } from '../chaos/survival/disk.ts';
import { caughtFailure } from '../support/activity.ts';

let directory: string;
let disk: Disk | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scratch-'));
  disk = await mountDisk(directory);
  vi.stubEnv('TMPDIR', directory);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await disk?.unmount();
  await rm(directory, { recursive: true });
});

const write = (bytes: number) =>
  inScratchDirectory('test', async (created) => writeFile(join(created, 'file'), Buffer.alloc(bytes)));

test('a disk that is full is a failure that passes, and says whose it is', async ({ skip }) => {
  if (disk === undefined) return skip('this user may mount no file system');
  await write(1_000_000);
  await disk.fill();
  expect(await caughtFailure(() => write(1_000_000))).toMatchObject({
    type: 'DiskFull',
    isRetryable: true,
    message: expect.stringMatching(
      /^the worker's disk is full: ENOSPC: .*; the worker needs more room in \/.* \(TMPDIR\)$/,
    ),
  });
  await disk.empty();
  await write(1_000_000);
});
