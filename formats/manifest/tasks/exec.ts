import { parseHelmCommand } from '../../../core/tasks/helm-command.ts';
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
    if (command !== 'helm' && /(^|\/)helm$/.test(command)) {
      // Only what is known to be helm is rendered and compared before it runs.
      const expected = 'helm by its name (the worker knows its path)';
      refuse(context, ['with', 'cmd'], { expected, got: showValue(command) });
    }
    const helm = command === 'helm' ? parseHelmCommand(args) : undefined;
    if (helm?.kind === 'unsupported') {
      refuse(context, ['with', 'args'], { expected: 'a helm upgrade of one release', got: helm.problem });
    }
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

/** `common/promote-kubectl`: `kubectl apply` of a manifest. */
const promoteKubectl: TaskDefinition<'exec'> = defineTask(
  mappingField({ manifest: textField, namespace: namespaceName.optional(), recursive: flagField.optional() }),
  ({ manifest, namespace, recursive = false }) => {
    const command = 'kubectl';
    return {
      make: (own) => ({
        kind: 'exec',
        command,
        args: ['apply', '--namespace', namespace ?? own, ...(recursive ? ['--recursive'] : []), '--filename', manifest],
        interpolate: true,
      }),
      templates: [{ path: ['with', 'manifest'], render: ({ version }) => renderArg(manifest, { command }, version) }],
    };
  },
);

export const execTasks: NamedTasks<'exec'> = { 'common/exec': exec, 'common/promote-kubectl': promoteKubectl };
