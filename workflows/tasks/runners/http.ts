import { defined } from '../../../core/text/defined.ts';
import { notificationBody } from '../../../core/tasks/notification-text.ts';
import { renderText } from '../../../core/tasks/task.ts';
import type { TemplatePart } from '../../../core/tasks/template.ts';
import { notifyHttp } from '../../activities.ts';
import { sendNotification, taskIdempotencyKey } from '../send-notification.ts';
import { finishedTask, requireParts } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runHttpTask: TaskRunner<'http'> = async (task, execution) => {
  const { method, auth, secret, body, ignoreFailure } = task;
  const render = (text: string): readonly TemplatePart[] =>
    requireParts(renderText(text, execution.context, { delimiters: 'both', hasSecret: secret !== undefined }));
  const input = {
    namespace: execution.context.experiment.namespace,
    url: render(task.url),
    method,
    headers: task.headers.map(({ name, value }) => ({ name, value: render(value) })),
    body: body === undefined ? [notificationBody(execution.context)] : render(body),
    auth,
    ...defined({ secret }),
    idempotencyKey: taskIdempotencyKey(execution),
  };
  await sendNotification(execution, { name: 'notification/http', ignoreFailure, send: () => notifyHttp(input) });
  return finishedTask('notification/http');
};
