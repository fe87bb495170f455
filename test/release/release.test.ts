import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveTool } from '../../sandbox/index.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Not part of the sources. */
const left = new Set(['node_modules', '.git', 'dist', 'artifacts']);

let copy: string;

/** A repository of this checkout's files, whose tests have passed. */
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'serin-release-'));
  for (const name of await readdir(root))
    if (!left.has(name)) await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  await editPackage((manifest) => ({ ...manifest, scripts: { ...manifest.scripts, test: 'true' } }));
  const changelog = await readFile(join(copy, 'CHANGELOG.md'), 'utf8');
  await writeFile(join(copy, 'CHANGELOG.md'), changelog.replace('## [Unreleased]', '## [Unreleased]\n\n- A change.'));
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'A releaser');
  await git('config', 'user.email', 'releaser@example.com');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'all');
});
afterAll(() => rm(copy, { recursive: true, force: true }));

interface Manifest {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
}

async function editPackage(edit: (manifest: Manifest) => Manifest): Promise<void> {
  const path = join(copy, 'package.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  await writeFile(path, `${JSON.stringify(edit(manifest), null, 2)}\n`);
}

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', args, { cwd: copy })).stdout.trim();
}

const npm = (...args: readonly string[]) => run('npm', ['run', '--silent', ...args], { cwd: copy, maxBuffer: 2 ** 26 });

describe('`npm run release`', () => {
  test('refuses what is not committed, and changes nothing', async () => {
    await writeFile(join(copy, 'left-over.txt'), '');
    await expect(npm('release', '--', '9.0.0')).rejects.toThrow(
      'there are changes that are not committed:\n?? left-over.txt',
    );
    await rm(join(copy, 'left-over.txt'));
    expect(await git('tag')).toBe('');
  });

  test('writes the version everywhere, commits, tags, and leaves the push', async () => {
    const { stderr } = await npm('release', '--', '9.0.0');
    expect(stderr).toContain('serin 9.0.0 is committed and tagged; `git push --follow-tags` publishes it.');
    expect(await git('status', '--porcelain')).toBe('');
    expect(await git('describe')).toBe('v9.0.0');
    expect(await git('log', '-1', '--format=%s')).toBe('release: 9.0.0');
    const files = (await git('show', '--name-only', '--format=')).split('\n');
    expect(files).toEqual([
      'CHANGELOG.md',
      'deploy/README.md',
      'deploy/chart/Chart.yaml',
      'deploy/worker-deployment.yaml',
      'docker-compose.yml',
      'docs/install.md',
      'package-lock.json',
      'package.json',
    ]);
    expect(await readFile(join(copy, 'CHANGELOG.md'), 'utf8')).toMatch(/^## \[9\.0\.0\] - \d{4}-\d\d-\d\d$/m);
    const chart = await run(await resolveTool('helm'), ['show', 'chart', 'deploy/chart'], { cwd: copy });
    expect(chart.stdout).toMatch(/^appVersion: 9\.0\.0$/m);
  });

  test('makes every file that is published, with its checksum', async () => {
    const directory = join(copy, 'artifacts');
    const names = ['SHA256SUMS', 'notes.md', 'sbom.cdx.json', 'serin-9.0.0.tgz', 'serin-chart-9.0.0.tgz'];
    expect((await readdir(directory)).toSorted()).toEqual(names);
    const { stdout } = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: directory });
    expect(stdout.trim().split('\n')).toEqual(names.slice(1).map((name) => `${name}: OK`));
    const materials = JSON.parse(await readFile(join(directory, 'sbom.cdx.json'), 'utf8')) as Materials;
    expect(materials).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'serin', version: '9.0.0' } },
    });
    const packages = materials.components.map(({ name }) => name);
    expect(packages).toEqual(expect.arrayContaining(['pino', 'zod', '@temporalio/worker']));
    expect(packages).not.toContain('vitest');
  });

  test('refuses a version that is not the next', async () => {
    await expect(npm('release', '--', '9.0.0')).rejects.toThrow('9.0.0 is not after 9.0.0');
  });
});

interface Materials {
  readonly components: readonly { readonly name: string }[];
}

describe('`npm run release:publish`', () => {
  const publish = (...args: readonly string[]) =>
    run(process.execPath, ['release/publish.ts', ...args], {
      cwd: copy,
      env: { ...process.env, REGISTRY_USER: 'ann' },
    });

  test('publishes package, image, chart and the release with its files, in this order', async () => {
    const { stdout } = await publish('--repository', 'Canary/serin', '--registry', 'registry.example', '--dry-run');
    expect(stdout.trim().split('\n')).toEqual([
      'docker login registry.example --username ann --password-stdin',
      'npm publish artifacts/serin-9.0.0.tgz --provenance --access public',
      'npm run build:image -- --arch amd64 --tag registry.example/canary/serin:9.0.0-amd64',
      'docker push registry.example/canary/serin:9.0.0-amd64',
      'npm run build:image -- --arch arm64 --tag registry.example/canary/serin:9.0.0-arm64',
      'docker push registry.example/canary/serin:9.0.0-arm64',
      'docker buildx imagetools create --tag registry.example/canary/serin:9.0.0 ' +
        'registry.example/canary/serin:9.0.0-amd64 registry.example/canary/serin:9.0.0-arm64',
      'helm push artifacts/serin-chart-9.0.0.tgz oci://registry.example/canary/serin/charts',
      'gh release create v9.0.0 --verify-tag --notes-file artifacts/notes.md artifacts/serin-9.0.0.tgz ' +
        'artifacts/serin-chart-9.0.0.tgz artifacts/sbom.cdx.json artifacts/SHA256SUMS',
    ]);
  });

  test('asks for what it needs', async () => {
    await expect(publish('--registry', 'registry.example')).rejects.toThrow('--repository: expected');
    await expect(publish('--repository', 'canary/serin')).rejects.toThrow('--registry: expected');
  });
});
