import { defined } from '../text/defined.ts';
import { formatFlag, hasFlag, lastValue, oversizedArgument, readCommandLine } from './flags.ts';
import type { CommandRefusal, Flag, FlagDefinition, Placed } from './flags.ts';
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
  { readonly kind: 'call'; readonly call: KubectlCall } | ({ readonly kind: 'unsupported' } & CommandRefusal);

/** Reads the arguments of `kubectl` by a closed grammar. Manifests come by URL, and no file of the worker is named. */
export function parseKubectlCommand(args: readonly string[]): KubectlCommand {
  const tooLong = oversizedArgument(args, 'put it into a manifest');
  if (tooLong !== undefined) return unsupported(tooLong);
  const [subcommand = ''] = args;
  const table = findTable(subcommand);
  if (table === undefined) {
    const known = Object.keys(kubectlFlags).join(', ');
    const problem = `only \`kubectl\` ${known} is supported, the subcommand first; not \`kubectl ${subcommand}\``;
    return unsupported({ problem, ...(args.length === 0 ? {} : { index: 0 }) });
  }
  const words = readCommandLine(args, table);
  if (words.kind === 'refused') return unsupported(words);
  const [, ...positional] = words.positional;
  const strange = findStrangeManifest(words.flags);
  if (strange !== undefined) return unsupported(strange);
  const [extra] = positional;
  if (subcommand === 'apply' && extra !== undefined) {
    return unsupported({ problem: `\`kubectl apply\` takes no argument, got ${extra.said}`, index: extra.index });
  }
  const flags = words.flags.map(({ said }) => said);
  const call = {
    subcommand,
    positional: positional.map(({ said }) => said),
    manifests: flags.flatMap(manifestUrls),
    flags: flags.filter(({ name }) => name !== '--filename' && name !== '--namespace'),
    ...defined({ namespace: lastValue(flags, '--namespace') }),
  };
  return { kind: 'call', call };
}

function findStrangeManifest(flags: readonly Placed<Flag>[]): CommandRefusal | undefined {
  for (const { said, index } of flags) {
    const strange = manifestUrls(said).find((url) => !/^https?:\/\/|^\{\{/.test(url));
    if (strange !== undefined) return { problem: `--filename: expected an http or https URL, got ${strange}`, index };
  }
  return undefined;
}

function manifestUrls({ name, value = '' }: Flag): readonly string[] {
  return name === '--filename' ? value.split(',') : [];
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

function unsupported({ problem, index }: CommandRefusal): KubectlCommand {
  return { kind: 'unsupported', problem, ...defined({ index }) };
}
