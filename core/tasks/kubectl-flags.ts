import type { FlagDefinition } from './flags.ts';

const value = (name: string, short?: string): FlagDefinition =>
  short === undefined ? { name, takes: 'value' } : { name, takes: 'value', short };
const flag = (name: string, short?: string): FlagDefinition =>
  short === undefined ? { name, takes: 'nothing' } : { name, takes: 'nothing', short };

const namespace = value('--namespace', '-n');
const files = [value('--filename', '-f'), flag('--recursive', '-R')];
const selection = [value('--selector', '-l'), value('--field-selector'), flag('--all')];
// `--output` is not among them: some of its forms name a file.
const written = [value('--field-manager')];
const waits = [flag('--wait'), value('--timeout')];

/** The flags of each subcommand of kubectl (1.36) that serin understands. Every other one is refused. */
export const kubectlFlags: Readonly<Record<string, readonly FlagDefinition[]>> = {
  apply: [
    namespace,
    ...files,
    ...written,
    ...waits,
    value('--selector', '-l'),
    flag('--server-side'),
    flag('--force-conflicts'),
    flag('--force'),
    flag('--overwrite'),
    value('--validate'),
  ],
  patch: [namespace, ...files, ...written, value('--patch', '-p'), value('--type'), value('--subresource')],
  delete: [
    namespace,
    ...files,
    ...selection,
    ...waits,
    value('--cascade'),
    value('--grace-period'),
    flag('--now'),
    flag('--force'),
    flag('--ignore-not-found'),
  ],
  wait: [namespace, ...files, ...selection, value('--for'), value('--timeout')],
  label: [namespace, ...files, ...selection, ...written, flag('--overwrite'), value('--resource-version')],
  annotate: [namespace, ...files, ...selection, ...written, flag('--overwrite'), value('--resource-version')],
};
