import { flagField, mappingField, textField } from '../../document/fields.ts';
import { defineTask, secretName } from './definition.ts';
import type { NamedTasks, TaskDefinition } from './definition.ts';

/** `notification/slack`: sends the state of the experiment to a channel. */
const slack: TaskDefinition<'slack'> = defineTask(
  mappingField({ channel: textField, secret: secretName, ignoreFailure: flagField.optional() }),
  ({ channel, secret, ignoreFailure = true }) => ({
    make: (namespace) => ({ kind: 'slack', channel, secret: { namespace, ...secret }, ignoreFailure }),
    templates: [],
  }),
);

export const slackTasks: NamedTasks<'slack'> = { 'notification/slack': slack };
