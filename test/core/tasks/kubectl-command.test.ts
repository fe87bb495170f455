import { describe, expect, test } from 'vitest';
import { kubectlArguments, parseKubectlCommand } from '../../../core/tasks/kubectl-command.ts';

function parseCall(...args: string[]) {
  const command = parseKubectlCommand(args);
  if (command.kind !== 'call') throw new Error(`unexpected: ${command.problem}`);
  return command.call;
}

const place = { files: ['/tmp/manifest-0.yaml'], own: [{ name: '--as', value: 'somebody' }] };

describe('a call of kubectl', () => {
  test.each([
    [
      ['apply', '-n', 'team', '-f', 'https://a/app.yaml', '--server-side'],
      ['apply', '--as=somebody', '--namespace=team', '--filename=/tmp/manifest-0.yaml', '--server-side'],
    ],
    [
      ['annotate', 'ksvc', 'app', 'note=--server=http://evil', '--overwrite'],
      ['annotate', '--as=somebody', '--filename=/tmp/manifest-0.yaml', '--overwrite', '--'].concat([
        'ksvc',
        'app',
        'note=--server=http://evil',
      ]),
    ],
  ])('is built anew from %j', (args, built) => {
    expect(kubectlArguments(parseCall(...args), place)).toEqual(built);
  });

  test.each([
    [['get', 'secrets'], /^only `kubectl` apply, patch, delete, wait, label, annotate is supported/],
    [['exec', 'pod', '--', 'sh'], /^only `kubectl`/],
    [['--server=http://evil', 'apply', '-f', 'https://a/b.yaml'], /^only `kubectl`/],
    [['constructor'], /^only `kubectl`/],
    [['apply', '-f', 'secrets.yaml'], /^--filename: expected an http or https URL, got secrets\.yaml$/],
    [['apply', '-f', '-'], /^--filename: expected an http or https URL, got -$/],
    [['apply', '-k', 'folder'], /^-k is not a flag that serin knows$/],
    [['apply', 'view-last-applied'], /^`kubectl apply` takes no argument/],
    [['delete', '--raw', '/api/v1/namespaces/x'], /^--raw is not a flag that serin knows$/],
    [['patch', 'ksvc', 'a', '--patch-file', '/etc/passwd'], /^--patch-file is not a flag/],
    [['label', 'ksvc', 'a', 'b=c', '--as=admin'], /^--as is not a flag/],
    [['wait', 'ksvc/a', '--for=condition=Ready', '--token=x'], /^--token is not a flag/],
    [['wait', 'ksvc/a', '--for=condition=Ready', '-o', 'jsonpath-file=/etc/passwd'], /^-o is not a flag/],
    [['apply', '-f', 'https://a/b.yaml', '-v9'], /^-v is not a flag/],
  ])('is refused: %j', (args, problem) => {
    const command = parseKubectlCommand(args);
    expect(command.kind === 'unsupported' ? command.problem : 'accepted').toMatch(problem);
  });
  test.each([
    [
      ['label', 'ksvc', 'app', '--', '--server=http://evil'],
      'the argument "--server=http://evil" begins with a dash',
      4,
    ],
    [['delete', 'ksvc', '-'], 'the argument "-" begins with a dash', 2],
    [['patch', 'ksvc', 'a', '-p', '{}', '--patch-file', 'x'], '--patch-file is not a flag that serin knows', 5],
    [
      ['apply', '-f', 'https://a/b.yaml', '--filename', 'c.yaml'],
      '--filename: expected an http or https URL, got c.yaml',
      4,
    ],
    [
      ['apply', '-f', 'https://a/b.yaml', 'view-last-applied'],
      '`kubectl apply` takes no argument, got view-last-applied',
      3,
    ],
  ])('is refused with the place of the word: %j', (args, problem, index) => {
    expect(parseKubectlCommand(args)).toEqual({ kind: 'unsupported', problem, index });
  });
});
