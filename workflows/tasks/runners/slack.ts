import { notificationText } from '../../../core/tasks/notification-text.ts';
import { notifySlack } from '../../activities.ts';
import { sendNotification, taskIdempotencyKey } from '../send-notification.ts';
import { finishedTask } from '../task-execution.ts';
import type { TaskRunner } from '../task-execution.ts';

export const runSlackTask: TaskRunner<'slack'> = async ({ channel, secret, ignoreFailure }, execution) => {
  const text = notificationText(execution.context);
  const { namespace } = execution.context.experiment;
  const input = { namespace, channel, text, secret, idempotencyKey: taskIdempotencyKey(execution) };
  await sendNotification(execution, { name: 'notification/slack', ignoreFailure, send: () => notifySlack(input) });
  return finishedTask('notification/slack');
};
