import type { FlagDefinition } from './flags.ts';

const file = 'names a file of the worker';
const program = 'runs another program, which the worker does not allow';
const elsewhere =
  'names a cluster or a user: serin changes the release in the cluster of its own worker only, as the namespace allows it';
const unsafe = 'makes downloads that cannot be trusted';
const credentials = 'would show a credential in the history of the run: use a repository that needs none';

const passed = (name: string, takes: FlagDefinition['takes'], short?: string): FlagDefinition => {
  return short === undefined ? { name, takes } : { name, takes, short };
};

/** All flags of `helm upgrade` (Helm 3.22) that serin understands. Every other one is refused. */
export const helmFlags: readonly FlagDefinition[] = [
  passed('--atomic', 'nothing'),
  passed('--burst-limit', 'value'),
  passed('--cleanup-on-fail', 'nothing'),
  passed('--create-namespace', 'nothing'),
  passed('--description', 'value'),
  passed('--devel', 'nothing'),
  passed('--disable-openapi-validation', 'nothing'),
  passed('--hide-notes', 'nothing'),
  passed('--history-max', 'value'),
  passed('--install', 'nothing', '-i'),
  passed('--labels', 'value', '-l'),
  passed('--namespace', 'value', '-n'),
  passed('--no-hooks', 'nothing'),
  passed('--output', 'value', '-o'),
  passed('--qps', 'value'),
  passed('--render-subchart-notes', 'nothing'),
  passed('--repo', 'value'),
  passed('--reset-then-reuse-values', 'nothing'),
  passed('--reset-values', 'nothing'),
  passed('--reuse-values', 'nothing'),
  passed('--set', 'value'),
  passed('--set-json', 'value'),
  passed('--set-literal', 'value'),
  passed('--set-string', 'value'),
  passed('--skip-crds', 'nothing'),
  passed('--skip-schema-validation', 'nothing'),
  passed('--take-ownership', 'nothing'),
  passed('--timeout', 'value'),
  passed('--values', 'value', '-f'),
  passed('--version', 'value'),
  passed('--wait', 'nothing'),
  passed('--wait-for-jobs', 'nothing'),

  { name: '--ca-file', takes: 'value', refused: file },
  { name: '--cert-file', takes: 'value', refused: file },
  { name: '--key-file', takes: 'value', refused: file },
  { name: '--keyring', takes: 'value', refused: file },
  { name: '--registry-config', takes: 'value', refused: file },
  { name: '--repository-cache', takes: 'value', refused: file },
  { name: '--repository-config', takes: 'value', refused: file },
  { name: '--set-file', takes: 'value', refused: file },
  { name: '--verify', takes: 'nothing', refused: file },
  { name: '--post-renderer', takes: 'value', refused: program },
  { name: '--post-renderer-args', takes: 'value', refused: program },
  { name: '--kube-apiserver', takes: 'value', refused: elsewhere },
  { name: '--kube-as-group', takes: 'value', refused: elsewhere },
  { name: '--kube-as-user', takes: 'value', refused: elsewhere },
  { name: '--kube-ca-file', takes: 'value', refused: elsewhere },
  { name: '--kube-context', takes: 'value', refused: elsewhere },
  { name: '--kube-insecure-skip-tls-verify', takes: 'nothing', refused: elsewhere },
  { name: '--kube-tls-server-name', takes: 'value', refused: elsewhere },
  { name: '--kube-token', takes: 'value', refused: elsewhere },
  { name: '--kubeconfig', takes: 'value', refused: elsewhere },
  { name: '--insecure-skip-tls-verify', takes: 'nothing', refused: unsafe },
  { name: '--plain-http', takes: 'nothing', refused: unsafe },
  { name: '--dependency-update', takes: 'nothing', refused: unsafe },
  { name: '--pass-credentials', takes: 'nothing', refused: credentials },
  { name: '--password', takes: 'value', refused: credentials },
  { name: '--username', takes: 'value', refused: credentials },
  { name: '--debug', takes: 'nothing', refused: 'would print what may be secret' },
  { name: '--dry-run', takes: 'nothing', refused: 'would change nothing' },
  { name: '--enable-dns', takes: 'nothing', refused: 'would let a chart ask name servers' },
  { name: '--force', takes: 'nothing', refused: 'replaces objects, which Knative refuses of its services' },
  { name: '--hide-secret', takes: 'nothing', refused: 'is for a dry run: helm would refuse to change anything' },
  { name: '--help', short: '-h', takes: 'nothing', refused: 'would change nothing' },
];
