import { z } from 'zod';
import { parseHelmCommand } from '../core/helm-command.ts';
import type { Task } from '../core/experiment.ts';
import { flag, mapping, refuse, scalar, text } from './fields.ts';
import { showValue } from './issue.ts';
import type { IssueParams } from './fields.ts';
import { issuesOf } from './zod-issues.ts';

/** Tasks that iter8 ran and serin does not run yet. */
const iter8Tasks = [
  'common/bash',
  'common/promote-kubectl',
  'common/readiness',
  'metrics/collect',
  'notification/http',
  'notification/slack',
  'gitops/helmex-update',
];

const execInput = mapping({
  cmd: text,
  args: z.array(scalar).optional(),
  disableInterpolation: flag.optional(),
});

const shape = mapping({
  library: text.optional(),
  task: text,
  with: z.unknown().optional(),
});

/** A task in both spellings, `library: common, task: exec` and `task: common/exec`. */
export const task = shape.transform((given, context): Task => {
  const name = given.library === undefined ? given.task : `${given.library}/${given.task}`;
  switch (name) {
    case 'knative/init-experiment':
      if (given.with !== undefined) refuse(context, ['with'], { expected: 'no input', got: showValue(given.with) });
      return { kind: 'init-experiment' };
    case 'common/exec':
      return execOf(given.with, context);
    default:
      refuse(context, ['task'], refusalOf(name));
      return z.NEVER;
  }
});

function refusalOf(name: string): IssueParams {
  const known = iter8Tasks.includes(name) ? ', which iter8 knew and serin does not support' : '';
  return { expected: 'knative/init-experiment or common/exec', got: `${showValue(name)}${known}` };
}

function execOf(input: unknown, context: z.RefinementCtx): Task {
  const reading = execInput.safeParse(input);
  if (!reading.success) {
    for (const issue of issuesOf(reading.error, input)) refuse(context, ['with', ...issue.path], issue);
    return z.NEVER;
  }
  const { cmd, args = [], disableInterpolation = false } = reading.data;
  if (cmd !== 'helm' && /(^|\/)helm$/.test(cmd)) {
    // Only what is known to be helm is rendered and compared before it runs.
    refuse(context, ['with', 'cmd'], { expected: 'helm by its name (the worker knows its path)', got: showValue(cmd) });
  }
  const helm = cmd === 'helm' ? parseHelmCommand(args) : undefined;
  if (helm?.kind === 'unsupported') {
    refuse(context, ['with', 'args'], { expected: 'a helm upgrade of one release', got: helm.problem });
  }
  return { kind: 'exec', command: cmd, args, interpolate: !disableInterpolation };
}
