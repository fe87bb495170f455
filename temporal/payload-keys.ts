import { readFileSync } from 'node:fs';

/** A key for payloads: AES with 256 bits. */
export interface PayloadKey {
  readonly id: string;
  readonly secret: Buffer;
}

const keyBytes = 32;

/**
 * Reads the keys of a file: one a line, `ID BASE64`, the base64 of 32 bytes; empty lines and lines after `#` are left out. The first
 * key encrypts, all of them decrypt. Throws with the place and the remedy, never with a key.
 */
export function readPayloadKeys(path: string): readonly PayloadKey[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const keys = lines.flatMap((line, index) => {
    const text = line.replace(/#.*$/, '').trim();
    return text === '' ? [] : [parseKey(text, `${path}:${index + 1}`)];
  });
  const ids = keys.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`${path}: expected each key once, got ${twice} twice`);
  if (keys.length === 0)
    throw new Error(`${path}: expected a key, \`ID BASE64\`, got none; \`openssl rand -base64 32\` makes one`);
  return keys;
}

function parseKey(text: string, place: string): PayloadKey {
  const [, id, encoded] = /^([\w.-]{1,64})\s+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const secret = Buffer.from(encoded ?? '', 'base64');
  if (id !== undefined && secret.length === keyBytes) return { id, secret };
  throw new Error(
    `${place}: expected a name and the base64 of ${keyBytes} bytes, as \`openssl rand -base64 32\` prints them`,
  );
}
