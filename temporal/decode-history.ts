import type { Payload, PayloadCodec } from '@temporalio/common';

/** A history with all its payloads decoded. @param history as Temporal's client fetches it; its objects are changed in place. */
export async function decodeHistory<T extends object>(history: T, codecs: readonly PayloadCodec[]): Promise<T> {
  if (codecs.length > 0) await decodeWithin(history, codecs);
  return history;
}

async function decodeWithin(value: object, codecs: readonly PayloadCodec[]): Promise<void> {
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== 'object' || inner === null || ArrayBuffer.isView(inner)) continue;
    if (isPayload(inner)) Reflect.set(value, name, await decode(inner, codecs));
    else await decodeWithin(inner, codecs);
  }
}

/** The codecs in the reverse of the order in which they encode. */
async function decode(payload: Payload, codecs: readonly PayloadCodec[]): Promise<Payload> {
  let decoded = [payload];
  for (const codec of codecs.toReversed()) decoded = await codec.decode(decoded);
  return decoded[0] ?? payload;
}

function isPayload(value: object): value is Payload {
  return 'metadata' in value && 'data' in value && ArrayBuffer.isView(value.data);
}
