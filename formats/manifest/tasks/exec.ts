import { defined } from '../../../core/text/defined.ts';
import type { CommandRefusal } from '../../../core/tasks/flags.ts';
import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
import { parseKubectlCommand } from '../../../core/tasks/kubectl-command.ts';
import { renderArg } from '../../../core/tasks/task.ts';
import { flagField, mappingField, namespaceName, refuse, scalarField, textField } from '../../document/fields.ts';
import { showValue } from '../../document/issue.ts';
import { z } from 'zod';
import { defineTask } from './definition.ts';
import type { NamedTasks, TaskDefinition } from './definition.ts';

/** `common/exec`: one command, without a shell. */
const exec: TaskDefinition<'exec'> = defineTask(
  mappingField({ cmd: textField, args: z.array(scalarField).optional(), disableInterpolation: flagField.optional() }),
  ({ cmd: command, args = [], disableInterpolation = false }, context) => {
    const [, name] = /(?:^|\/)(helm|kubectl)$/.exec(command) ?? [];
    if (name !== undefined && command !== name) {
      // Only what is known to be helm or kubectl is read by its grammar, and compared before it runs.
      const expected = `${name} by its name (the worker knows its path)`;
      refuse(context, ['with', 'cmd'], { expected, got: showValue(command) });
    }
    const problem = commandProblem(command, args);
    if (problem !== undefined)
      refuse(context, ['with', 'args', ...(problem.index === undefined ? [] : [problem.index])], problem);
    const interpolate = !disableInterpolation;
    return {
      make: () => ({ kind: 'exec', command, args, interpolate }),
      templates: (interpolate ? args : []).map((arg, index) => ({
        path: ['with', 'args', index],
        render: ({ version }) => renderArg(arg, { command }, version),
      })),
    };
  },
);

/** Why helm or kubectl cannot be called with these arguments; undefined when it can, and for other commands. */
function commandProblem(command: string, args: readonly string[]): CommandProblem | undefined {
  if (command === 'helm') {
    const helm = parseHelmCommand(args);
    return helm.kind === 'upgrade' ? undefined : describe('a helm upgrade of one release', helm);
  }
  const kubectl = command === 'kubectl' ? parseKubectlCommand(args) : undefined;
  return kubectl?.kind === 'unsupported' ? describe('a call of kubectl that serin understands', kubectl) : undefined;
}

interface CommandProblem {
  readonly expected: string;
  readonly got: string;
  /** The place of the argument that is the reason. */
  readonly index?: number;
}

function describe(expected: string, { problem, index }: CommandRefusal): CommandProblem {
  return { expected, got: problem, ...defined({ index }) };
}

/** `common/promote-kubectl`: `kubectl apply` of a manifest. */
const promoteKubectl: TaskDefinition<'exec'> = defineTask(
  mappingField({ manifest: textField, namespace: namespaceName.optional(), recursive: flagField.optional() }),
  ({ manifest, namespace, recursive = false }, context) => {
    const command = 'kubectl';
    const argsIn = (place: string): readonly string[] => {
      return ['apply', '--namespace', place, ...(recursive ? ['--recursive'] : []), '--filename', manifest];
    };
    const problem = commandProblem(command, argsIn('default'));
    if (problem !== undefined) refuse(context, ['with', 'manifest'], problem);
    return {
      make: (own) => ({ kind: 'exec', command, args: argsIn(namespace ?? own), interpolate: true }),
      templates: [{ path: ['with', 'manifest'], render: ({ version }) => renderArg(manifest, { command }, version) }],
    };
  },
);

export const execTasks: NamedTasks<'exec'> = { 'common/exec': exec, 'common/promote-kubectl': promoteKubectl };
