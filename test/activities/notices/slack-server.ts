import { isJsonObject, parseJson, readField } from '../../../core/text/json.ts';
import { startHttpServer } from '../http/http-server.ts';
import type { TestServer } from '../http/http-server.ts';

/** A message of a channel, as everybody sees it now. */
export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread?: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly edits: number;
}

export interface SlackServer extends TestServer {
  readonly messages: SlackMessage[];
  /** Errors of the next calls, in their order; `ratelimited` comes as 429. */
  readonly errors: string[];
}

/** The one channel: people write its name, and edits need its id. */
const channel = { name: '#releases', id: 'C024BE91L' };

/** Slack's Web API for messages as it is documented: answers 200 with `ok`, 429 with `Retry-After`, edits by the channel's id, limits of blocks. */
export async function startSlackServer(token: string): Promise<SlackServer> {
  const messages: SlackMessage[] = [];
  const errors: string[] = [];
  let last = 1_700_000_000;
  const act = (method: string, body: Readonly<Record<string, unknown>>): object => {
    const named = body['channel'];
    const problem = findBlockProblem(body['blocks']);
    if (problem !== undefined) return { ok: false, error: problem };
    const text = String(body['text']);
    const blocks = Array.isArray(body['blocks']) ? body['blocks'] : [];
    if (method === 'chat.update') {
      if (named !== channel.id) return { ok: false, error: 'channel_not_found' };
      const index = messages.findIndex(({ ts }) => ts === body['ts']);
      const found = messages[index];
      if (found === undefined) return { ok: false, error: 'message_not_found' };
      messages[index] = { ...found, text, blocks, edits: found.edits + 1 };
      return { ok: true, channel: channel.id, ts: found.ts, text };
    }
    if (named !== channel.id && named !== channel.name) return { ok: false, error: 'channel_not_found' };
    last += 1;
    const ts = `${last}.000100`;
    const thread = body['thread_ts'];
    const posted = { channel: channel.id, ts, text, blocks, edits: 0 };
    messages.push(typeof thread === 'string' ? { ...posted, thread } : posted);
    return { ok: true, channel: channel.id, ts, message: { text } };
  };
  const server = await startHttpServer((request, response) => {
    const { body = '', headers = {} } = server.received.at(-1) ?? {};
    response.setHeader('content-type', 'application/json');
    const error = errors.shift();
    if (error === 'ratelimited') {
      response.writeHead(429, { 'retry-after': '30' }).end(JSON.stringify({ ok: false, error }));
      return;
    }
    if (error !== undefined) return void response.end(JSON.stringify({ ok: false, error }));
    const given = parseJson(body);
    if (headers.authorization !== `Bearer ${token}`) return void response.end('{"ok":false,"error":"invalid_auth"}');
    if (!isJsonObject(given)) return void response.end('{"ok":false,"error":"invalid_json"}');
    response.end(JSON.stringify(act((request.url ?? '').slice(1), given)));
  });
  return Object.assign(server, { messages, errors });
}

/** https://docs.slack.dev/reference/block-kit/blocks: what makes a message `invalid_blocks`. */
function findBlockProblem(blocks: unknown): string | undefined {
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length > 50) return 'invalid_blocks';
  return blocks.every(isBlock) ? undefined : 'invalid_blocks';
}

function isBlock(block: unknown): boolean {
  const text = readField(block, 'text');
  switch (readField(block, 'type')) {
    case 'header':
      return isText(text, 150) && readField(text, 'type') === 'plain_text';
    case 'section': {
      const fields = readField(block, 'fields');
      if (text === undefined) return isListOf(fields, 10, (field) => isText(field, 2000));
      return isText(text, 3000);
    }
    case 'context':
      return isListOf(readField(block, 'elements'), 10, (element) => isText(element, 3000));
    case 'actions':
      return isListOf(readField(block, 'elements'), 25, (element) => isText(readField(element, 'text'), 75));
    default:
      return false;
  }
}

function isListOf(value: unknown, most: number, isOne: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.length <= most && value.every(isOne);
}

function isText(value: unknown, longest: number): boolean {
  const text = readField(value, 'text');
  return typeof text === 'string' && text.length > 0 && text.length <= longest;
}
