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
