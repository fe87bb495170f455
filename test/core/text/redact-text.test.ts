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
  ])('leaves words alone: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test('changes nothing the second time', () => {
    const once = redactText('https://u:p4ss@h/x?a=b, Authorization: Bearer abc.def1');
    expect(redactText(once)).toBe(once);
  });
});
