import { afterEach, expect, test, vi } from 'vitest';
import { runSerin } from './serin-environment.ts';

afterEach(() => vi.unstubAllEnvs());

test('serin doctor says that there is no kubeconfig, and goes on with what is left to check', async () => {
  vi.stubEnv('HOME', '/nowhere');
  vi.stubEnv('KUBECONFIG', '');
  const { stdout, exitCode } = await runSerin(['doctor', '--address', '127.0.0.1:1']);
  expect(stdout).toMatch(
    /^Temporal\n {2}fail {2}Temporal does not answer at 127\.0\.0\.1:1.*\n.*\n\nKubernetes\n {2}fail {2}no kubeconfig: KUBECONFIG is not set, ~\/\.kube\/config is not there, and this is not a pod of a cluster\n {8}-> .*\n\nPrometheus\n.*\n.*\n$/,
  );
  expect(exitCode).toBe(1);
});
