import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resolveTemporalTestServer, resolveTool } from '../../sandbox/index.ts';

const silent = { planned: () => undefined, starting: () => undefined, finished: () => undefined };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'serin-tools-test-'));
  vi.stubEnv('SERIN_CACHE', directory);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

describe('a tool', () => {
  test('is the one that the environment names', async () => {
    const helm = join(directory, 'my-helm');
    await writeFile(helm, '');
    vi.stubEnv('SERIN_TOOL_HELM', helm);
    expect(await resolveTool('helm', silent)).toBe(helm);
  });

  test('is refused when the environment names none that exists', async () => {
    vi.stubEnv('SERIN_TOOL_HELM', '/no/such/helm');
    await expect(resolveTool('helm', silent)).rejects.toThrow(
      'SERIN_TOOL_HELM names /no/such/helm, which does not exist',
    );
  });

  test('cannot be built without Go, which is said in one sentence', async () => {
    vi.stubEnv('PATH', directory);
    await expect(resolveTool('fortio', silent)).rejects.toThrow(
      'Go 1.21 or newer is needed to build fortio 1.63.0: install it from https://go.dev/dl, or name a ready-made one in SERIN_TOOL_FORTIO',
    );
  });

  test('is not needed for workflow tests where Java or Maven are missing', async () => {
    vi.stubEnv('PATH', directory);
    expect(await resolveTemporalTestServer(silent)).toBeUndefined();
  });
});
