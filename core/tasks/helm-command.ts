import { defined } from '../text/defined.ts';

/** A `helm upgrade` as its arguments ask for it. */
export interface HelmUpgrade {
  readonly release: string;
  readonly chart: string;
  /** Absent when the arguments name none; helm would then take the one of its kubeconfig. */
  readonly namespace?: string;
  /** How long one helm operation may wait, ms: a pending release younger than this may still be at work. */
  readonly timeoutMs: number;
  /** `--atomic`: on failure helm goes back to its previous revision by itself, with the traffic that it rendered. */
  readonly isAtomic: boolean;
  /** `--install`: helm would make the release when it is missing. */
  readonly installs: boolean;
  /** The arguments without `--output`, which we set ourselves where we read what helm prints. */
  readonly args: readonly string[];
}

/** A helm command that serin can run, or why it cannot. */
export type HelmCommand =
  | { readonly kind: 'upgrade'; readonly upgrade: HelmUpgrade }
  | { readonly kind: 'unsupported'; readonly problem: string };

/** Helm's own default of `--timeout`. */
const helmTimeoutMs = 5 * 60_000;

/** Reads the arguments of `helm` as Helm 3 does; anything but an upgrade that changes the release is unsupported. */
export function parseHelmCommand(args: readonly string[]): HelmCommand {
  const words = readWords(args);
  if (words.kind === 'invalid') return unsupported(words.problem);
  const [subcommand, release, chart, ...rest] = words.positional;
  if (subcommand !== 'upgrade')
    return unsupported(`only \`helm upgrade\` is supported, not \`helm ${subcommand ?? ''}\``);
  if (release === undefined || chart === undefined || rest.length > 0) {
    const count = words.positional.length - 1;
    return unsupported(`\`helm upgrade\` takes a release and a chart, not ${count} arguments`);
  }
  const refusal = words.flags.flatMap(({ name }) => refusedFlags.get(name) ?? [])[0];
  if (refusal !== undefined) return unsupported(refusal);
  const timeoutMs = parseTimeout(words.flags);
  if (timeoutMs === undefined) return unsupported(`--timeout: expected a duration such as 5m0s`);
  const namespace = lastValue(words.flags, ['--namespace', '-n']);
  const upgrade = {
    release,
    chart,
    timeoutMs,
    isAtomic: words.flags.some(({ name }) => name === '--atomic'),
    installs: words.flags.some(({ name }) => name === '--install' || name === '-i'),
    args: words.withoutOutput,
    ...defined({ namespace }),
  };
  return { kind: 'upgrade', upgrade };
}

/** The arguments that run in `namespace` unless they name one themselves. */
export function withNamespace({ args, namespace: named }: HelmUpgrade, namespace: string): readonly string[] {
  return named === undefined ? [...args, '--namespace', namespace] : args;
}

const elsewhere = 'serin changes the release in the cluster of its own worker only';

/** Flags with which the command would not deploy what was judged, or not where it was judged. */
const refusedFlags: ReadonlyMap<string, string> = new Map([
  ['--dry-run', '`--dry-run` would change nothing'],
  ['--post-renderer', '`--post-renderer` runs another program, which the worker does not allow'],
  ['--kube-context', `\`--kube-context\`: ${elsewhere}`],
  ['--kubeconfig', `\`--kubeconfig\`: ${elsewhere}`],
  ['--kube-apiserver', `\`--kube-apiserver\`: ${elsewhere}`],
]);

/** Flags of `helm upgrade` (Helm 3.22) that take no value; every other flag takes one, after `=` or as the next word. */
const switches: ReadonlySet<string> = new Set([
  '--atomic',
  '--cleanup-on-fail',
  '--create-namespace',
  '--debug',
  '--dependency-update',
  '--devel',
  '--disable-openapi-validation',
  '--enable-dns',
  '--force',
  '--hide-notes',
  '--hide-secret',
  '--insecure-skip-tls-verify',
  '--install',
  '-i',
  '--kube-insecure-skip-tls-verify',
  '--no-hooks',
  '--pass-credentials',
  '--plain-http',
  '--render-subchart-notes',
  '--reset-then-reuse-values',
  '--reset-values',
  '--reuse-values',
  '--skip-crds',
  '--skip-schema-validation',
  '--take-ownership',
  '--verify',
  '--wait',
  '--wait-for-jobs',
  // Takes a value only after `=`.
  '--dry-run',
]);

interface Flag {
  readonly name: string;
  readonly value?: string;
}

type Words =
  | {
      readonly kind: 'words';
      readonly positional: readonly string[];
      readonly flags: readonly Flag[];
      readonly withoutOutput: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly problem: string };

function readWords(args: readonly string[]): Words {
  const positional: string[] = [];
  const flags: Flag[] = [];
  const withoutOutput: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const flag = readFlag(word, args[index + 1]);
    if (flag === 'missing value') return { kind: 'invalid', problem: `${word} needs a value` };
    const length = flag?.length ?? 1;
    if (flag === undefined) positional.push(word);
    else flags.push(flag);
    if (flag?.name !== '--output' && flag?.name !== '-o') withoutOutput.push(...args.slice(index, index + length));
    index += length - 1;
  }
  return { kind: 'words', positional, flags, withoutOutput };
}

/** `length` is the number of words that the flag takes. */
function readFlag(word: string, next: string | undefined): (Flag & { length: number }) | undefined | 'missing value' {
  if (!word.startsWith('-') || word === '-') return undefined;
  const { name, value } = splitFlag(word);
  if (value !== undefined) return { name, value, length: 1 };
  if (switches.has(name)) return { name, length: 1 };
  return next === undefined ? 'missing value' : { name, value: next, length: 2 };
}

/** `--flag=value`, `-f=value`, and `-fvalue` for flags of one letter. */
function splitFlag(word: string): Flag {
  const equals = word.indexOf('=');
  if (word.startsWith('--') || switches.has(word)) {
    return equals === -1 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  }
  const value = word.slice(2).replace(/^=/, '');
  return word.length === 2 ? { name: word } : { name: word.slice(0, 2), value };
}

function lastValue(flags: readonly Flag[], names: readonly string[]): string | undefined {
  return flags.findLast(({ name }) => names.includes(name))?.value;
}

function parseTimeout(flags: readonly Flag[]): number | undefined {
  const text = lastValue(flags, ['--timeout']);
  return text === undefined ? helmTimeoutMs : parseGoDuration(text);
}

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** A duration as Go writes it, `1h2m3.5s`, in ms. */
function parseGoDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+$/.test(text)) return text === '0' ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  }
  return Math.round(total);
}

function unsupported(problem: string): HelmCommand {
  return { kind: 'unsupported', problem };
}
