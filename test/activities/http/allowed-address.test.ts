import { expect, test } from 'vitest';
import { isAllowedHost } from '../../../activities/http/allowed-address.ts';

test.each([
  ['https://metrics.example.com/api', ['metrics.example.com'], true],
  ['https://METRICS.example.com/api', ['Metrics.Example.com'], true],
  ['https://metrics.example.com:8443/', ['metrics.example.com:8443'], true],
  ['https://metrics.example.com/', ['metrics.example.com:443'], true],
  ['http://metrics.example.com/', ['metrics.example.com:443'], false],
  ['https://metrics.example.com/', ['*.example.com'], true],
  ['https://example.com/', ['*.example.com'], false],
  ['https://metrics.example.com.evil.test/', ['metrics.example.com', '*.example.com'], false],
  ['https://metrics.example.com@evil.test/', ['metrics.example.com'], false],
  ['http://127.0.0.1:9090/', ['127.0.0.1:9090'], true],
  ['http://[::1]:9090/', ['::1'], true],
  ['http://anything.test/', ['*'], true],
  ['http://anything.test/', [], false],
  ['http://169.254.169.254/latest/meta-data', ['*'], false],
  ['http://2852039166/', ['*'], false],
  ['http://[::ffff:169.254.169.254]/', ['*'], false],
  ['http://[fe80::1]/', ['*'], false],
  ['http://169.254.169.254/', ['169.254.169.254'], false],
])('%s with %j: %s', (url, allowedHosts, allowed) => {
  expect(isAllowedHost(new URL(url), allowedHosts)).toBe(allowed);
});
