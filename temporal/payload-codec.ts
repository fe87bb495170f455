import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { PayloadKey } from './payload-keys.ts';

const algorithm = 'aes-256-gcm';
const encoding = 'binary/encrypted';
const [nonceBytes, tagBytes] = [12, 16];

/**
 * Encrypts payloads with the first key, and decrypts what any of them has encrypted. What it cannot decrypt, and what was never
 * encrypted, passes as it is: a signal of a plain client is read, and one that nobody can read is its handler's to answer.
 */
export function payloadCodec(keys: readonly PayloadKey[]): PayloadCodec {
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, keys)),
    decode: async (payloads) => payloads.map((payload) => decrypt(payload, keys) ?? payload),
  };
}

function encrypt(payload: Payload, [key]: readonly PayloadKey[]): Payload {
  if (key === undefined) throw new Error('there is no key to encrypt with');
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key.secret, nonce).setAAD(Buffer.from(key.id));
  const sealed = Buffer.concat([cipher.update(serialize(payload)), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from(encoding), 'encryption-key-id': Buffer.from(key.id) },
    data: Buffer.concat([nonce, cipher.getAuthTag(), sealed]),
  };
}

/** Undefined where it was not encrypted, or cannot be decrypted. */
function decrypt({ metadata, data }: Payload, keys: readonly PayloadKey[]): Payload | undefined {
  if (text(metadata?.['encoding']) !== encoding || !data) return undefined;
  const key = keys.find(({ id }) => id === text(metadata?.['encryption-key-id']));
  if (key === undefined) return undefined;
  try {
    const bytes = Buffer.from(data);
    const decipher = createDecipheriv(algorithm, key.secret, bytes.subarray(0, nonceBytes));
    decipher.setAAD(Buffer.from(key.id)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    return deserialize(Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]));
  } catch {
    // Tampered with, or encrypted by another key of the same name.
    return undefined;
  }
}

/** A payload as JSON, its bytes as base64: what Temporal's codec endpoints speak too. */
export interface PayloadJson {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly data?: string;
}

export function toPayloadJson({ metadata, data }: Payload): PayloadJson {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data ?? []).toString('base64') };
}

export function fromPayloadJson({ metadata = {}, data = '' }: PayloadJson): Payload {
  const entries = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data, 'base64') };
}

function serialize(payload: Payload): Buffer {
  return Buffer.from(JSON.stringify(toPayloadJson(payload)));
}

function deserialize(bytes: Buffer): Payload {
  // Written by `serialize`, and authenticated.
  return fromPayloadJson(JSON.parse(bytes.toString('utf8')) as PayloadJson);
}

function text(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes).toString('utf8') : '';
}
