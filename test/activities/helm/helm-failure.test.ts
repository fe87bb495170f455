import { expect, test } from 'vitest';
import { helmFailure } from '../../../activities/helm/helm-failure.ts';

const failed = (stderr: string, args: readonly string[] = ['upgrade', 'app']) =>
  helmFailure({
    args,
    result: { stdout: '', stderr, isCut: false, outcome: { kind: 'ended', code: 1, signal: null, isTimedOut: false } },
    limitMs: 1000,
  });

const warning = (n: number): string =>
  `W1129 10:00:00.00000${n}    1234 warnings.go:70] would violate PodSecurity "restricted:latest": ${n}`;

test("helm's error comes first, and of the warnings before it the last three", () => {
  const stderr = [...[1, 2, 3, 4].map(warning), 'Error: UPGRADE FAILED: context deadline exceeded'].join('\n');
  expect(failed(stderr).message.split('\n')).toEqual([
    'helm upgrade app failed with exit code 1: Error: UPGRADE FAILED: context deadline exceeded',
    warning(2),
    warning(3),
    warning(4),
  ]);
});

test('many warnings do not push the error out, and warnings alone are shown', () => {
  const many = Array.from({ length: 30 }, (_, n) => warning(n % 10));
  expect(failed(['Error: no', ...many].join('\n')).message).toMatch(/: Error: no\nW1129/);
  expect(failed(many.join('\n')).message).toContain(`failed with exit code 1: ${warning(0)}`);
});

test('the beginning of a long error is shown, whatever was printed before and after it', () => {
  const error = ['Error: UPGRADE FAILED: denied', ...Array.from({ length: 20 }, (_, n) => `line ${n}`)];
  const { message } = failed(['coalesce.go:298: warning', ...error, warning(1)].join('\n'));
  expect(message).toMatch(/^helm upgrade app failed with exit code 1: Error: UPGRADE FAILED: denied\nline 0\n/);
  expect(message).toMatch(/\nline 8$/);
});

test('a secret of several lines is hidden before lines change their order', () => {
  const args = ['upgrade', 'app', '--set-string', 'key=first half\nWARNING: second half'];
  const { message } = failed('WARNING: is insecure\nError: bad key: first half\nWARNING: second half', args);
  expect(message).not.toContain('half');
});

test.each([
  [
    'could not get information about the resource: the server has received too many requests and has asked us to try again later (get services.serving.knative.dev shop)',
    'KubernetesUnavailable',
  ],
  ['could not get information about the resource: Too many requests, please try again later.', 'KubernetesUnavailable'],
  [
    'cannot patch "shop" with kind Service: Internal error occurred: failed calling webhook "webhook.serving.knative.dev": failed to call webhook: no endpoints available',
    'KubernetesUnavailable',
  ],
  ['an error on the server ("unknown") has prevented the request from succeeding', 'KubernetesUnavailable'],
  [
    'the server was unable to return a response in the time allotted, but may still be processing the request',
    'KubernetesUnavailable',
  ],
  ['update: failed to update: etcdserver: leader changed', 'KubernetesUnavailable'],
  ['Get "https://10.0.0.1:443/api/v1/namespaces/shop/secrets": EOF', 'KubernetesUnavailable'],
  ['Get "https://10.0.0.1:443/version": http2: client connection lost', 'KubernetesUnavailable'],
  [
    'cannot patch "shop" with kind Service: Operation cannot be fulfilled on services.serving.knative.dev "shop": the object has been modified; please apply your changes to the latest version and try again',
    'Conflict',
  ],
  ['write /tmp/serin-command-x/.cache/helm/repository/index.yaml: no space left on device', 'DiskFull'],
  ['context deadline exceeded', 'CommandFailed'],
  ['execution error at (shop/templates/service.yaml:1:4): too many requests, no space left on device', 'CommandFailed'],
  [
    'cannot patch "shop" with kind Service: Internal error occurred: failed calling webhook "x": failed to call webhook: Post "https://x": x509: certificate signed by unknown authority',
    'CommandFailed',
  ],
  ['admission webhook "limits" denied the request: too many requests per second', 'CommandFailed'],
  ['failed to fetch https://charts.example.com/shop-1.tgz : 429 Too Many Requests', 'ChartUnavailable'],
  [
    'cannot patch "shop" with kind Service: admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed',
    'CommandFailed',
  ],
])('what the API server says in passing is tried again, what it says for good is not: %s', (said, type) => {
  expect(failed(`Error: UPGRADE FAILED: ${said}`).type).toBe(type);
});

test('a helm that somebody has killed is run again, one that was stopped at its limit is not', () => {
  const killed = { kind: 'ended', code: null, signal: 'SIGKILL', isTimedOut: false } as const;
  const end = (outcome: typeof killed | (Omit<typeof killed, 'isTimedOut'> & { readonly isTimedOut: true })) =>
    helmFailure({ args: ['upgrade', 'app'], result: { stdout: '', stderr: '', isCut: false, outcome }, limitMs: 1000 });
  expect(end(killed)).toMatchObject({
    type: 'HelmKilled',
    message: 'helm upgrade app was ended by SIGKILL: no output',
  });
  expect(end({ ...killed, isTimedOut: true }).type).toBe('CommandFailed');
});
