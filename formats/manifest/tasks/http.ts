import { z } from 'zod';
import { renderText } from '../../../core/tasks/task.ts';
import { headerProblem } from '../../../core/text/http-headers.ts';
import { defined } from '../../../core/text/defined.ts';
import type { AuthType } from '../../../core/experiment/task-kinds.ts';
import { flagField, mappingField, choiceField, refuse, textField } from '../../document/fields.ts';
import { defineTask, secretName } from './definition.ts';
import type { NamedTasks, TaskDefinition, TaskTemplate } from './definition.ts';

const header = mappingField({ name: textField, value: textField }).superRefine(({ name }, context) => {
  const got = headerProblem(name);
  if (got !== undefined) refuse(context, ['name'], { expected: 'a header that a manifest may set', got });
});

const httpShape = mappingField({
  URL: textField.optional(),
  url: textField.optional(),
  method: choiceField(['POST', 'GET']).optional(),
  authType: choiceField(['Basic', 'Bearer', 'APIKey']).optional(),
  secret: secretName.optional(),
  headers: z.array(header).optional(),
  body: textField.optional(),
  ignoreFailure: flagField.optional(),
}).superRefine(({ URL, url, method, body, authType, secret }, context) => {
  if ((URL === undefined) === (url === undefined)) {
    refuse(context, [], { expected: 'one of URL and url', got: URL === undefined ? 'neither' : 'both' });
  }
  if (authType !== undefined && secret === undefined) {
    refuse(context, ['authType'], { expected: 'a secret beside the authType', got: 'none' });
  }
  if (body !== undefined && method === 'GET') {
    refuse(context, ['method'], { expected: 'POST beside a body', got: method });
  }
});

/** `notification/http`: sends the state of the experiment to a URL. */
const http: TaskDefinition<'http'> = defineTask(httpShape, (input) => {
  const { method = 'POST', secret, headers = [], body, ignoreFailure = true } = input;
  const auth: AuthType = input.authType ?? 'None';
  const url = input.URL ?? input.url ?? '';
  const template = (value: string, ...path: (string | number)[]): TaskTemplate => ({
    path: ['with', ...path],
    render: (taskContext) => renderText(value, taskContext, { delimiters: 'both', hasSecret: secret !== undefined }),
  });
  return {
    make: (namespace) => ({
      kind: 'http',
      url,
      method,
      auth,
      ...(secret === undefined ? {} : { secret: { namespace, ...secret } }),
      headers,
      ...defined({ body }),
      ignoreFailure,
    }),
    templates: [
      template(url, input.URL === undefined ? 'url' : 'URL'),
      ...headers.map(({ value }, index) => template(value, 'headers', index, 'value')),
      ...(body === undefined ? [] : [template(body, 'body')]),
    ],
  };
});

export const httpTasks: NamedTasks<'http'> = { 'notification/http': http };
