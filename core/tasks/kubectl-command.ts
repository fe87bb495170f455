import { defined } from '../text/defined.ts';
import { formatFlag, hasFlag, lastValue, oversizedArgument, readCommandLine } from './flags.ts';
import type { Flag, FlagDefinition } from './flags.ts';
import { kubectlFlags } from './kubectl-flags.ts';

/** A kubectl command as its arguments ask for it. */
export interface KubectlCall {
  readonly subcommand: string;
  /** What follows the subcommand: kinds, names, labels. */
  readonly positional: readonly string[];
  /** URLs of manifests. */
  readonly manifests: readonly string[];
  readonly namespace?: string;
  readonly flags: readonly Flag[];
}

/** A kubectl command that serin can run, or why it cannot. */
export type KubectlCommand =
  { readonly kind: 'call'; readonly call: KubectlCall } | { readonly kind: 'unsupported'; readonly problem: string };

/** Reads the arguments of `kubectl` by a closed grammar. Manifests come by URL, and no file of the worker is named. */
export function parseKubectlCommand(args: readonly string[]): KubectlCommand {
  const tooLong = oversizedArgument(args, 'put it into a manifest');
  if (tooLong !== undefined) return unsupported(tooLong);
  const [subcommand = ''] = args;
  const table = findTable(subcommand);
  if (table === undefined) {
    const known = Object.keys(kubectlFlags).join(', ');
    return unsupported(`only \`kubectl\` ${known} is supported, the subcommand first; not \`kubectl ${subcommand}\``);
  }
  const words = readCommandLine(args.slice(1), table);
  if (words.kind === 'refused') return unsupported(words.problem);
  const { flags, positional } = words;
  const manifests = flags.flatMap(({ name, value = '' }) => (name === '--filename' ? value.split(',') : []));
  const strange = manifests.find((url) => !/^https?:\/\/|^\{\{/.test(url));
  if (strange !== undefined) return unsupported(`--filename: expected an http or https URL, got ${strange}`);
  if (subcommand === 'apply' && positional.length > 0) {
    return unsupported(`\`kubectl apply\` takes no argument, got ${positional.join(' ')}`);
  }
  const rest = flags.filter(({ name }) => name !== '--filename' && name !== '--namespace');
  const namespace = lastValue(flags, '--namespace');
  return { kind: 'call', call: { subcommand, positional, manifests, flags: rest, ...defined({ namespace }) } };
}

function findTable(subcommand: string): readonly FlagDefinition[] | undefined {
  return Object.hasOwn(kubectlFlags, subcommand) ? kubectlFlags[subcommand] : undefined;
}

/** How kubectl is called: with these files for the manifests' URLs. */
export interface KubectlPlace {
  readonly files: readonly string[];
  /** Flags of serin's own. */
  readonly own: readonly Flag[];
}

/** The arguments that kubectl runs with: built anew, each flag in one word, the names after all flags. */
export function kubectlArguments(call: KubectlCall, { files, own }: KubectlPlace): readonly string[] {
  const flags: Flag[] = [
    ...own,
    ...(call.namespace === undefined ? [] : [{ name: '--namespace', value: call.namespace }]),
    ...files.map((value) => ({ name: '--filename', value })),
    ...call.flags,
  ];
  const names = call.positional.length === 0 ? [] : ['--', ...call.positional];
  return [call.subcommand, ...flags.map(formatFlag), ...names];
}

/** Whether the call is an apply that can run dry; kubectl refuses that together with `--force`. */
export function isRehearsableApply({ subcommand, flags }: KubectlCall): boolean {
  return subcommand === 'apply' && !hasFlag(flags, '--force');
}

function unsupported(problem: string): KubectlCommand {
  return { kind: 'unsupported', problem };
}
