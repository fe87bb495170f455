import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../lint/arrows.ts');

/** What `npm run arrows -- --brief` prints of a tree of these files, and its exit code. */
async function check(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string }> {
  const root = await mkdtemp(join(tmpdir(), 'serin-arrows-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const run = promisify(execFile)(process.execPath, [program, '--brief'], { cwd: root });
    return await run.then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  } finally {
    await rm(root, { recursive: true });
  }
}

const text = "export const dash = '-';\n";

test('imports that the table has are in order', async () => {
  const files = { 'core/text/dash.ts': text, 'core/experiment/name.ts': "export { dash } from '../text/dash.ts';\n" };
  expect(await check(files)).toEqual({ code: 0, stdout: '0 circles, 0 arrows back or not in the table\n' });
});

test('an import of a type that points back is named, and fails', async () => {
  const files = {
    'core/text/dash.ts': "import type { Name } from '../experiment/name.ts';\nexport type Dash = Name;\n",
    'core/experiment/name.ts': 'export type Name = string;\n',
  };
  const { code, stdout } = await check(files);
  expect(code).toBe(1);
  expect(stdout).toBe(
    'core/text/dash.ts imports core/experiment/name.ts: core/text may not import core/experiment\n0 circles, 1 arrows back or not in the table\n',
  );
});

test('a circle of types within a room is named, and fails', async () => {
  const files = {
    'core/text/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
    'core/text/b.ts': "import type { A } from './a.ts';\nexport type B = A | 2;\n",
  };
  const { code, stdout } = await check(files);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^circle: .*\/a\.ts -> .*\n1 circles, 0 arrows back or not in the table\n$/);
});

test('a package that a room may not use is named, and fails', async () => {
  const { code, stdout } = await check({ 'core/text/dash.ts': "import 'node:fs';\n" });
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout:
      'core/text/dash.ts imports node:: core/text may not import node:\n0 circles, 1 arrows back or not in the table\n',
  });
});

test('a file that lies in no room is named, and fails', async () => {
  const { code, stdout } = await check({ 'core/new-room/dash.ts': text });
  expect(code).toBe(1);
  expect(stdout).toContain('core/new-room/dash.ts is in no room of the table\n');
});
