import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { isJsonObject, parseJson } from '../../core/text/json.ts';
import { fromPayloadJson, payloadCodec, toPayloadJson } from '../../temporal/payload-codec.ts';
import type { PayloadJson } from '../../temporal/payload-codec.ts';
import { readPayloadKeys } from '../../temporal/payload-keys.ts';
import type { CommandContext, CommandResult } from '../context.ts';
import { say } from '../context.ts';
import { CommandError } from '../errors.ts';

export interface CodecFlags {
  /** Path of the keys, see `readPayloadKeys`. */
  readonly keys: string;
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** The origin of the Web UI that may ask, such as `http://localhost:8233`. */
  readonly allowOrigin?: string;
}

/** The largest request: a history page of the Web UI has several payloads of up to 2 MiB. */
const longestRequestBytes = 16 * 1024 * 1024;

/**
 * `serin codec`: serves `POST /encode` and `/decode` as Temporal's CLI (`--codec-endpoint`) and Web UI ask for them, until interrupted.
 * Whoever reaches it can decrypt: it listens on loopback unless told otherwise.
 */
export async function codecCommand(context: CommandContext, flags: CodecFlags): Promise<CommandResult> {
  const codec = payloadCodec(loadKeys(flags.keys));
  const server = createServer((request, response) => void answer({ codec, flags, request, response }));
  server.listen(flags.port, flags.host);
  await once(server, 'listening').catch((error: unknown) => {
    throw new CommandError('failed', `cannot listen at ${flags.host}:${flags.port}: ${String(error)}`, {
      cause: error,
    });
  });
  // A server that listens on TCP has this kind of address.
  const { port } = server.address() as AddressInfo;
  say(context, `codec endpoint: http://${flags.host}:${port}`);
  if (!context.terminal.interrupted.aborted) await once(context.terminal.interrupted, 'abort');
  server.close();
  server.closeAllConnections();
  return { exitCode: 0 };
}

function loadKeys(path: string) {
  try {
    return readPayloadKeys(path);
  } catch (error) {
    throw new CommandError('usage', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

interface Exchange {
  readonly codec: PayloadCodec;
  readonly flags: CodecFlags;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer({ codec, flags, request, response }: Exchange): Promise<void> {
  if (flags.allowOrigin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', flags.allowOrigin);
    response.setHeader('Access-Control-Allow-Methods', 'POST');
    response.setHeader('Access-Control-Allow-Headers', 'content-type, x-namespace, authorization');
  }
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  const direction = findDirection(request);
  if (direction === undefined) return void response.writeHead(404).end('POST /encode or /decode\n');
  const payloads = await readPayloads(request).catch(() => undefined);
  if (payloads === undefined)
    return void response.writeHead(400).end('expected {"payloads": [{"metadata", "data"}]}\n');
  const done = await codec[direction](payloads);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ payloads: done.map(toPayloadJson) }));
}

function findDirection({ method, url = '' }: IncomingMessage): 'encode' | 'decode' | undefined {
  const [, direction] = /\/(encode|decode)\/?(?:\?.*)?$/.exec(url) ?? [];
  return method === 'POST' && (direction === 'encode' || direction === 'decode') ? direction : undefined;
}

/** The payloads of the body; undefined, or a rejection, where it is something else. */
async function readPayloads(request: IncomingMessage): Promise<Payload[] | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > longestRequestBytes) return undefined;
  const body = parseJson((await buffer(request)).toString('utf8'));
  const payloads = isJsonObject(body) ? body['payloads'] : undefined;
  // A field of another type than text has no bytes: the conversion throws.
  return Array.isArray(payloads) && payloads.every(isJsonObject)
    ? payloads.map((payload: PayloadJson) => fromPayloadJson(payload))
    : undefined;
}
