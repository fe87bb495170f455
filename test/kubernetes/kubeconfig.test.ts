import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadKubeConfig } from '../../kubernetes/kubeconfig.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

async function aKubeconfig(text: string): Promise<string> {
  const path = join(folder, 'config');
  await writeFile(path, text);
  return path;
}

describe('a kubeconfig', () => {
  test('is not made up where there is none', () => {
    vi.stubEnv('HOME', folder);
    vi.stubEnv('KUBECONFIG', '');
    expect(() => loadKubeConfig({})).toThrow(/^no kubeconfig: KUBECONFIG is not set/);
  });

  test('that KUBECONFIG names and that is not there is named', () => {
    vi.stubEnv('KUBECONFIG', '/nowhere/kubeconfig');
    expect(() => loadKubeConfig({})).toThrow(/^the kubeconfig \/nowhere\/kubeconfig cannot be used: ENOENT/);
  });

  test('that is no YAML is named, in one line', async () => {
    const path = await aKubeconfig('clusters: [\n  {');
    expect(() => loadKubeConfig({ kubeconfig: path })).toThrow(
      new RegExp(`^the kubeconfig ${path} cannot be used: .+$`),
    );
  });

  test.each([
    ['{kind: Config}', {}, 'has no current context; choose one with --context: it has none'],
    ['{contexts: [{name: a, context: {cluster: c}}]}', { context: 'b' }, 'has no context b; it has a'],
    ['{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}]}', {}, 'has no cluster; choose'],
  ])('%s with %j: says what it lacks', async (text, flags, what) => {
    const kubeconfig = await aKubeconfig(text);
    expect(() => loadKubeConfig({ kubeconfig, ...flags })).toThrow(what);
  });

  test('of several files has the context of the first that names one, as kubectl has it', async () => {
    const cluster = (name: string) => `{name: ${name}, cluster: {server: "https://${name}"}}`;
    const texts = [
      '{kind: Config}',
      `{current-context: a, clusters: [${cluster('c')}], contexts: [{name: a, context: {cluster: c, user: u}}]}`,
      `{current-context: b, clusters: [${cluster('d')}], contexts: [{name: b, context: {cluster: d, user: u}}]}`,
    ];
    const paths = await Promise.all(
      texts.map(async (text, index) => {
        const path = join(folder, String(index));
        await writeFile(path, text);
        return path;
      }),
    );
    vi.stubEnv('KUBECONFIG', paths.join(delimiter));
    expect(loadKubeConfig({}).getCurrentCluster()?.server).toBe('https://c');
    expect(loadKubeConfig({ context: 'b' }).getCurrentCluster()?.server).toBe('https://d');
  });

  test('has the cluster of the context that is chosen', async () => {
    const kubeconfig = await aKubeconfig(
      '{current-context: a, clusters: [{name: c, cluster: {server: "https://c"}}], contexts: [{name: b, context: {cluster: c, user: u}}]}',
    );
    expect(loadKubeConfig({ kubeconfig, context: 'b' }).getCurrentCluster()?.server).toBe('https://c');
  });
});
