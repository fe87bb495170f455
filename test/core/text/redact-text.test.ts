import { describe, expect, test } from 'vitest';
import { redactText } from '../../../core/text/redact-text.ts';

describe('redactText', () => {
  test.each([
    ['a user with a password', 'get https://user:hunter22@charts/app: 404', 'get https://***@charts/app: 404'],
    ['a token alone', 'cloning https://ghp_abcdef0123@git.example.com/app', 'cloning https://***@git.example.com/app'],
    ['a password with an @', 'oci://user:p@ss@registry/app', 'oci://***@registry/app'],
    [
      'the values of a query',
      'https://charts/app.tgz?sig=a%2Fb&expires=12: answered 403',
      'https://charts/app.tgz?sig=***&expires=***: answered 403',
    ],
    ['a query without names', '"https://charts/app.tgz?abcdef"', '"https://charts/app.tgz?***"'],
    ['a header', 'Authorization: Basic letters', 'Authorization: Basic ***'],
    ['a token after its scheme', 'sent Bearer eyJhbGciOi.x and failed', 'sent Bearer *** and failed'],
    [
      'a query without a host',
      'cannot get "/app.tgz?X-Sig=a1b2&Expires=9": 403',
      'cannot get "/app.tgz?X-Sig=***&Expires=***": 403',
    ],
    [
      'a fragment',
      'sent to https://app/back#access_token=abc&state=1',
      'sent to https://app/back#access_token=***&state=***',
    ],
    ['a header with another scheme', '"Authorization": "ApiKey letters"', '"Authorization": "ApiKey ***"'],
    [
      'a signature',
      'Authorization: AWS4-HMAC-SHA256 Credential=AK/2026/s3, SignedHeaders=host, Signature=f00; 403',
      'Authorization: AWS4-HMAC-SHA256 *** 403',
    ],
    ['a digest', 'Proxy-Authorization: Digest username="a", response="b"', 'Proxy-Authorization: Digest ***'],
    ['a header with a token alone', 'authorization: glsa_0123abcd refused', 'authorization: *** refused'],
    ['a header of a key', 'X-Api-Key: hunter2222, X-Vault-Token: s.Ab12cd34', 'X-Api-Key: ***, X-Vault-Token: ***'],
    ['cookies', 'Cookie: session=abc; theme=dark', 'Cookie: ***'],
    ['a token of letters', 'basic dXNlcjpodW50ZXI= refused', 'basic *** refused'],
  ])('hides %s', (_, text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  test.each([
    'Error: failed to authorize: basic credential not found',
    'the bearer authentication failed',
    'WWW-Authenticate: Bearer realm="https://auth.example.com/token",service="registry"',
    'oci://registry/app:1.2@sha256:abc is not there',
    'is it there? yes: a=b&c=d',
    'mail ops@example.com',
    'authorization: denied by the policy "prod"',
    'authorization: failed with status 403',
    'X-Api-Key: required',
    'cookie: none was sent',
    'see https://docs.example.com/page#the-heading',
    'who? what?',
  ])('leaves words alone: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test('changes nothing the second time', () => {
    const once = redactText('https://u:p4ss@h/x?a=b, Authorization: Bearer abc.def1 X-Api-Key: a1b2c3d4 Cookie: a=b');
    expect(redactText(once)).toBe(once);
  });

  const parts = [
    'a-',
    'a.',
    'x-',
    'http://a',
    'a://b@',
    '?a=',
    'authorization: digest a=b, ',
    'cookie: a=b; ',
    '{}\n',
    ')',
  ];
  const ends = ['', 'x', ')x', '=x', '@x', '\n'];
  test.each(parts.flatMap((part) => ends.map((end) => [part, end] as const)))(
    'takes no longer than it should for a URL and a text of many %j before %j',
    (part, end) => {
      const before = performance.now();
      redactText(`http://h.example/?a${part.repeat(200_000 / part.length)}${end}`);
      redactText(part.repeat(200_000 / part.length) + end);
      expect(performance.now() - before).toBeLessThan(1_000);
    },
  );
});
