import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { actAs } from '../../kubernetes/account.ts';
import { readKubeConfig } from '../../kubernetes/read-kubeconfig.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serin-kubeconfig-'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

async function write(name: string, content: string | object): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function kubeconfig(user: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster: { server: 'https://cluster' } }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user' } }],
    'current-context': 'context',
  };
}

async function authorization(path: string | undefined): Promise<string | undefined> {
  const options = { headers: {} as Record<string, string> };
  await actAs(readKubeConfig(path), 'somebody').applyToHTTPSOptions(options);
  return options.headers['Authorization'];
}

test('reads the token of a user from its file, which lies beside the kubeconfig where its path says so', async () => {
  const token = await write('token', 'of-the-file');
  expect(await authorization(await write('absolute', kubeconfig({ tokenFile: token })))).toBe('Bearer of-the-file');
  expect(await authorization(await write('relative', kubeconfig({ tokenFile: 'token' })))).toBe('Bearer of-the-file');
});

test('reads the token anew once a minute, since it rotates', async () => {
  const path = await write('rotating', kubeconfig({ tokenFile: await write('rotates', 'first') }));
  const config = readKubeConfig(path);
  const ask = async (): Promise<string | undefined> => {
    const options = { headers: {} as Record<string, string> };
    await config.applyToHTTPSOptions(options);
    return options.headers['Authorization'];
  };
  expect(await ask()).toBe('Bearer first');
  await write('rotates', 'second');
  vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] });
  expect(await ask()).toBe('Bearer second');
  vi.useRealTimers();
});

test('leaves a user with a token of its own alone', async () => {
  expect(await authorization(await write('own', kubeconfig({ token: 'own' })))).toBe('Bearer own');
});

test('reads the token files of all kubeconfigs that KUBECONFIG names', async () => {
  await write('second-token', 'of-the-second');
  const first = await write('first.yaml', { apiVersion: 'v1', kind: 'Config', 'current-context': 'context' });
  const second = await write('second.yaml', kubeconfig({ tokenFile: 'second-token' }));
  vi.stubEnv('KUBECONFIG', [first, second].join(delimiter));
  expect(await authorization(undefined)).toBe('Bearer of-the-second');
});
