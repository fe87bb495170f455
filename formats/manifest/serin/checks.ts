import type { Experiment } from '../../../core/experiment/experiment.ts';
import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
import { isHelm, renderArgs } from '../../../core/tasks/task.ts';
import { allVersions } from '../../../core/experiment/versions.ts';
import type { ValueIssue } from '../../document/zod-issues.ts';
import type { NativeManifest } from './schema.ts';

/** Checks that a promotion gives values for known versions only, and that it is a helm upgrade of one release. */
export function checkPromotion({ spec }: NativeManifest, experiment: Experiment): ValueIssue[] {
  const { promotion } = spec;
  if (promotion === undefined) return [];
  const names = allVersions(experiment).map(({ name }) => name);
  const path = ['spec', 'promotion', 'helm'];
  const strangers = Object.keys(promotion.helm.values ?? {}).filter((name) => !names.includes(name));
  return [
    ...strangers.map((name) => ({
      path: [...path, 'values', name],
      atKey: true,
      expected: `one of the versions ${names.join(', ')}`,
      got: JSON.stringify(name),
    })),
    ...unreadable(experiment).map((got) => ({ path, atKey: false, expected: 'a helm upgrade of one release', got })),
  ];
}

function unreadable(experiment: Experiment): readonly string[] {
  const task = experiment.finish.find(isHelm);
  const problems = allVersions(experiment).flatMap((version) => {
    const rendered = task === undefined ? undefined : renderArgs(task, version);
    const command = rendered?.kind === 'ok' ? parseHelmCommand(rendered.args) : undefined;
    return command?.kind === 'unsupported' ? [command.problem] : [];
  });
  return [...new Set(problems)];
}
