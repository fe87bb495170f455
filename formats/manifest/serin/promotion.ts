import type { Task } from '../../../core/experiment/task-kinds.ts';
import type { NativeSpec } from './schema.ts';

type Helm = NonNullable<NativeSpec['promotion']>['helm'];
type Values = NonNullable<Helm['values']>[string];

/** The helm upgrade that brings the release to the winner: the options of all versions, then the winner's values. */
export function promotionTask({ release, chart, values = {}, ...helm }: Helm): Task {
  const { repository, version, namespace, timeout } = helm;
  const options = [
    ...(repository === undefined ? [] : ['--repo', repository]),
    ...(version === undefined ? [] : ['--version', version]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
    ...(timeout === undefined ? [] : ['--timeout', `${timeout}ms`]),
  ];
  return {
    kind: 'exec',
    command: 'helm',
    args: ['upgrade', release, chart, ...options],
    argsByVersion: Object.fromEntries(Object.entries(values).map(([name, own]) => [name, valueArgs(own)])),
    interpolate: false,
  };
}

function valueArgs({ files = [], set = {} }: Values): readonly string[] {
  return [
    ...files.map((file) => `--values=${file}`),
    // As JSON, so that numbers, lists and mappings stay what they are.
    ...Object.entries(set).map(([key, value]) => `--set-json=${key}=${JSON.stringify(value)}`),
  ];
}
