import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { parseJson } from '../../core/text/json.ts';
import { redactValues } from '../../core/tasks/redact.ts';
import type { NotifyHttpInput, NotifySlackInput } from '../../contract/tasks.ts';
import { failure } from '../failures.ts';
import type { ActivityCluster } from '../knative/cluster.ts';
import { basicHeader } from '../../metrics/credentials.ts';
import { fillIn, readSecret } from '../secrets.ts';
import type { Secret } from '../secrets.ts';
import { requestText, requireSuccess } from './request-text.ts';
import type { TextAnswer } from './request-text.ts';

export interface NotifyDependencies {
  readonly cluster: ActivityCluster;
  readonly allowedHosts: readonly string[];
  /** The base URL of Slack's API. */
  readonly slackUrl: string;
}

/** iter8's limit of a notification. */
const limitMs = 5_000;

/** Sends one request; an answer other than 2xx is a failure. The receiver may get it twice, with the same key. */
export async function notifyHttp({ cluster, allowedHosts }: NotifyDependencies, input: NotifyHttpInput): Promise<void> {
  const secret = await readSecret(cluster, input.secret);
  await withoutSecrets(secret, async () => {
    const { method, body } = input;
    const answer = await send({
      url: fillIn(input.url, secret),
      method,
      headers: buildHeaders(input, secret),
      ...(method === 'GET' ? {} : { body: fillIn(body, secret) }),
      allowedHosts,
      namespace: input.namespace,
    });
    requireSuccess(redactAnswer(answer, secret), 'the URL');
  });
}

/** Posts one message by Slack's `chat.postMessage`, with the secret's `token`. */
export async function notifySlack(
  { cluster, slackUrl }: NotifyDependencies,
  { channel, text, secret: name, idempotencyKey }: NotifySlackInput,
): Promise<void> {
  const secret = await readSecret(cluster, name);
  await withoutSecrets(secret, async () => {
    const answer = await send({
      url: `${slackUrl.replace(/\/$/, '')}/chat.postMessage`,
      method: 'POST',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        Authorization: `Bearer ${secret.value('token').trim()}`,
        'Idempotency-Key': idempotencyKey,
      },
      body: JSON.stringify({ channel, text }),
      // The address is the platform's, not the manifest's.
      allowedHosts: ['*'],
    });
    requireSuccess(redactAnswer(answer, secret), 'Slack');
    requireOk(answer, redactAnswer(answer, secret));
  });
}

function send(request: Omit<Parameters<typeof requestText>[0], 'limitMs' | 'signal'>): Promise<TextAnswer> {
  return requestText({ ...request, limitMs, signal: cancellationSignal() });
}

/**
 * The headers of the request, names in lower case. The task's own replace those that its authentication adds. Values are
 * trimmed: many a secret was made from a file that ends with a line break, which no header takes.
 */
function buildHeaders(input: NotifyHttpInput, secret: Secret): Readonly<Record<string, string>> {
  const given = input.headers.map(({ name, value }) => [name.toLowerCase(), fillIn(value, secret).trim()]);
  return {
    'content-type': 'application/json',
    ...authorizationHeader(input, secret, new Set(given.map(([name]) => name ?? ''))),
    ...Object.fromEntries(given),
    'idempotency-key': input.idempotencyKey,
  };
}

/** An API key goes where the task's headers say; there is no usual place for it. */
function authorizationHeader(
  { auth }: NotifyHttpInput,
  secret: Secret,
  given: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  switch (auth) {
    case 'Basic':
      return basicHeader(secret.value('username'), secret.value('password'));
    case 'Bearer':
      return given.has('authorization') ? {} : { authorization: `Bearer ${secret.value('token').trim()}` };
    case 'APIKey':
    case 'None':
      return {};
  }
}

/** Requires Slack's `ok`: it answers 200 for mistakes too, and names them in the body. */
function requireOk(answer: TextAnswer, shown: TextAnswer): void {
  const { ok, error } = readAnswer(answer.text);
  if (ok === true) return;
  throw failure('HttpRefused', {
    message: `Slack refused the message: ${typeof error === 'string' ? error : shown.text.slice(0, 200)}`,
  });
}

function readAnswer(text: string): { readonly ok?: unknown; readonly error?: unknown } {
  const answer = parseJson(text);
  return typeof answer === 'object' && answer !== null ? answer : {};
}

/** The answer without the secret's values: a server may echo what it was sent. */
function redactAnswer(answer: TextAnswer, { values }: Secret): TextAnswer {
  return { ...answer, text: redactValues(answer.text, values) };
}

/** Does `work`, whose failure does not show the secret's values either. */
async function withoutSecrets(secret: Secret, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ApplicationFailure) error.message = redactValues(error.message, secret.values);
    throw error;
  }
}
