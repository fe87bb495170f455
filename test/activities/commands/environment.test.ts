import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandEnvironment } from '../../../activities/commands/environment.ts';

test('commands see where things are, and none of the secrets and places of the worker', () => {
  const seen = { PATH: '/bin', HTTPS_PROXY: 'http://proxy', HELM_DRIVER: 'secret', HELM_REGISTRY_CONFIG: '/etc/login' };
  const unseen = {
    TEMPORAL_API_KEY: 'key',
    SERIN_PROMETHEUS_URL: 'http://user:password@prometheus',
    HOME: '/nowhere',
    TMPDIR: '/tmp',
    XDG_CACHE_HOME: '/cache',
    HELM_CACHE_HOME: '/cache',
    HELM_CONFIG_HOME: '/config',
    HELM_DATA_HOME: '/data',
    HELM_REPOSITORY_CACHE: '/cache',
    HELM_REPOSITORY_CONFIG: '/config',
  };
  expect(commandEnvironment({ ...seen, ...unseen })).toEqual(seen);
});

test("commands find the kubeconfig, though neither its folder nor the worker's home is theirs", () => {
  expect(commandEnvironment({ KUBECONFIG: 'a:/b' })).toEqual({ KUBECONFIG: `${process.cwd()}/a:/b` });
  const home = mkdtempSync(join(tmpdir(), 'serin-home-'));
  expect(commandEnvironment({ HOME: home })).toEqual({});
  mkdirSync(join(home, '.kube'));
  writeFileSync(join(home, '.kube', 'config'), '');
  expect(commandEnvironment({ HOME: home })).toEqual({ KUBECONFIG: join(home, '.kube', 'config') });
  expect(commandEnvironment({ HOME: home, KUBECONFIG: '/b' })).toEqual({ KUBECONFIG: '/b' });
  rmSync(home, { recursive: true });
});
