import { singleQuotes } from '../../../core/tasks/shell.ts';
import { renderText } from '../../../core/tasks/task.ts';
import { mappingField, refuse, textField } from '../../document/fields.ts';
import { defineTask, secretName } from './definition.ts';
import type { NamedTasks, TaskDefinition } from './definition.ts';

/** `common/bash`: a script with the version's variables. */
const bash: TaskDefinition<'script'> = defineTask(mappingField({ script: textField }), ({ script }) => {
  const delimiters = 'go';
  return {
    make: () => ({ kind: 'script', script, delimiters }),
    templates: [
      {
        path: ['with', 'script'],
        render: (taskContext) => renderText(script, taskContext, { delimiters, hasSecret: false, isScript: true }),
      },
    ],
  };
});

export const scriptTasks: NamedTasks<'script'> = { 'common/bash': bash };

/** `run`: a script with iter8's later delimiters, and the keys of a secret. */
export function scriptTask(script: string): TaskDefinition<'script'> {
  return (input, context) => {
    const isQuoted = singleQuotes(script);
    for (const { 0: reference, index } of script.matchAll(/@<\s*\.?[Ss]ecret[^>]*>@/g)) {
      if (!isQuoted(index)) continue;
      const expected = 'secrets outside single quotes (bash reads them as variables)';
      refuse(context, ['run'], { expected, got: reference });
    }
    return readRun(script)(input ?? {}, context);
  };
}

function readRun(script: string): TaskDefinition<'script'> {
  return defineTask(mappingField({ secret: secretName.optional() }), ({ secret }) => {
    const delimiters = 'iter8';
    const hasSecret = secret !== undefined;
    return {
      make: (namespace) => ({
        kind: 'script',
        script,
        delimiters,
        ...(secret === undefined ? {} : { secret: { namespace, ...secret } }),
      }),
      templates: [
        {
          path: ['run'],
          render: (taskContext) => renderText(script, taskContext, { delimiters, hasSecret, isScript: true }),
        },
      ],
    };
  });
}
