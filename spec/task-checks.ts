import type { Version } from '../core/experiment.ts';
import type { Moment } from '../core/moment.ts';
import type { ReadTask, TaskTemplate } from './task-inputs/definition.ts';
import type { ValueIssue } from './zod-issues.ts';

/** A task and where it stands; undefined where it cannot be read. */
export interface Placed {
  readonly task: ReadTask | undefined;
  readonly action: 'start' | 'loop' | 'finish';
  readonly path: ValueIssue['path'];
}

/**
 * What a task asks of the versions, the baseline first: start actions run with the baseline's variables, the others with the
 * winner's, whoever that will be.
 */
export function checkTask({ task, action, path }: Placed, versions: readonly Version[]): ValueIssue[] {
  if (task === undefined) return [];
  const winners = action === 'start' ? versions.slice(0, 1) : versions;
  const misplaced = action !== 'start' && task.make('').kind === 'init-experiment';
  const expected = 'knative/init-experiment among the start actions only';
  return [
    ...(misplaced ? [{ path: [...path, 'task'], atKey: false, expected, got: `a ${action} action` }] : []),
    ...task.templates.flatMap((template) => {
      const [got] = winners.flatMap((winner) => problemOf(template, { versions, winner }) ?? []);
      return got === undefined
        ? []
        : [{ path: [...path, ...template.path], atKey: false, expected: 'variables of the version', got }];
    }),
  ];
}

function problemOf(
  { render }: TaskTemplate,
  { versions, winner }: { readonly versions: readonly Version[]; readonly winner: Version },
): string | undefined {
  const rendered = render(anyMoment(versions, winner));
  return rendered.kind === 'ok' ? undefined : `${rendered.problem} (version ${winner.name})`;
}

/** Of the experiment only the names of its fields matter to a template, not their values. */
function anyMoment(versions: readonly Version[], version: Version): Moment {
  return {
    experiment: {
      apiVersion: 'iter8.tools/v2alpha2',
      name: 'name',
      namespace: 'namespace',
      target: { namespace: 'namespace', name: 'name' },
      testingPattern: 'Canary',
      deploymentPattern: 'Progressive',
      intervalMs: 1000,
      iterations: 1,
    },
    versions,
    version,
    winner: version.name,
    stage: 'Running',
    completedIterations: 1,
    weights: {},
  };
}
