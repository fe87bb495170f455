import { describe, expect, test } from 'vitest';
import { formatCommand, redactArgs, redactOutput, redactValues } from '../../../core/tasks/redact.ts';

describe('redactArgs', () => {
  test.each([
    [
      ['--set', 'key=hunter22'],
      ['--set', '***'],
    ],
    [['--set-string=key=hunter22'], ['--set-string=***']],
    [
      ['--password', 'hunter22'],
      ['--password', '***'],
    ],
    [['--kube-token=abc'], ['--kube-token=***']],
    [
      ['--values', 'https://user:hunter22@charts/values.yaml'],
      ['--values', 'https://***@charts/values.yaml'],
    ],
    [
      ['-H', 'Authorization: Bearer abcdefgh.ijkl'],
      ['-H', 'Authorization: Bearer ***'],
    ],
    [
      ['upgrade', 'app', '--wait', '--timeout=5m'],
      ['upgrade', 'app', '--wait', '--timeout=5m'],
    ],
  ])('turns %j into %j', (args, expected) => {
    expect(redactArgs(args)).toEqual(expected);
  });
});

describe('redactOutput', () => {
  test.each([
    [
      'Error from server: error when applying patch:\n{"data":{"key":"aGk="}}\nto:\nResource: "v1, Resource=secrets"\nfor: "f": no',
      'Error from server: error when applying patch:\n***\nto:\nResource: "v1, Resource=secrets"\nfor: "f": no',
    ],
    // kubectl's end of a long output may begin in the middle of an object.
    ['"key":"aGk="}}\nto:\nResource: "v1"', '***\nto:\nResource: "v1"'],
    ['aGk="}}\n\nmodified:\n{"data":2}\ncurrent:\n{"data":3}', '***\n\nmodified:\n***\ncurrent:\n***'],
    [
      'creating patch with:\noriginal:\n{"data":1}\nmodified:\n{"data":2}\ncurrent:\n{"data":3}\nfor: "f": no',
      'creating patch with:\noriginal:\n***\nmodified:\n***\ncurrent:\n***\nfor: "f": no',
    ],
  ])('hides the objects that kubectl could not apply: %j', (output, shown) => {
    expect(redactOutput(output, [])).toBe(shown);
  });

  test('hides the values of secret flags wherever they show up', () => {
    const args = ['upgrade', '--set', 'user=admin,password=hunter22', '--kube-token', 'tok-12345'];
    expect(redactOutput('error: login admin/hunter22 with tok-12345 failed', args)).toBe(
      'error: login ***/*** with *** failed',
    );
  });

  test('leaves values alone that are too short to be secrets', () => {
    expect(redactOutput('3 of 3 ready', ['--set', 'replicas=3'])).toBe('3 of 3 ready');
  });
});

describe('redactValues', () => {
  test('shows nothing of a text beside a secret of very many lines, in no time', () => {
    const secret = Array.from({ length: 100_000 }, (_, index) => `aaa${index}`).join('\n');
    const before = performance.now();
    expect(redactValues('a'.repeat(4_000_000), [secret])).toBe('***');
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test('hides a key with its chain of certificates line by line', () => {
    const lines = Array.from({ length: 120 }, (_, index) => `${'M'.repeat(60)}${index}+/=`);
    expect(redactValues(`the server said: ${lines[77]}!`, [lines.join('\n')])).toBe('the server said: ***!');
  });

  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n';

  test.each([
    ['as it is', 'the token is s3cr&t!', ['s3cr&t!'], 'the token is ***'],
    ['with the line break that its file ended with', 'token s3cr&t! refused', ['s3cr&t!\n'], 'token *** refused'],
    ['in a URL', 'GET /?key=s3cr%26t! failed', ['s3cr&t!'], 'GET /?key=*** failed'],
    ['in JSON', String.raw`{"key":"a\"b\"c"}`, ['a"b"c'], '{"key":"***"}'],
    ['a line of it', 'cannot read MIIEvQIBADANBg as PEM', [key], 'cannot read *** as PEM'],
  ])('hides a value %s', (_, text, secrets, expected) => {
    expect(redactValues(text, secrets)).toBe(expected);
  });

  test('leaves alone what is too short to be a secret', () => {
    expect(redactValues('3 of 3 ready', ['3', ''])).toBe('3 of 3 ready');
  });
});

describe('formatCommand', () => {
  test('quotes words with spaces', () => {
    expect(formatCommand('helm', ['upgrade', 'app', '--description', 'by serin'])).toBe(
      'helm upgrade app --description "by serin"',
    );
  });
  test('cuts what is longer than people read, and nothing that is not', () => {
    const command = formatCommand('sh', ['x'.repeat(100_000), 'y'.repeat(100_000)]);
    expect(command).toBe(`sh ${'x'.repeat(3_997)}…`);
    expect(formatCommand('sh', ['x'.repeat(3_997)])).toHaveLength(4_000);
  });
});
