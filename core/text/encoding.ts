/** Why bytes are no UTF-8, with the remedy, and where. */
export interface EncodingProblem {
  readonly expected: string;
  readonly got: string;
  /** From 1; present where most of the text can be read. */
  readonly line?: number;
}

/**
 * Finds what keeps bytes from being read as text in UTF-8. Editors and PowerShell write UTF-16; and what a decoder would
 * replace is refused, since nobody would notice that a name has become another one.
 */
export function findEncodingProblem(bytes: Uint8Array): EncodingProblem | undefined {
  const expected = 'UTF-8';
  if (isUtf16(bytes)) {
    return { expected, got: 'UTF-16: save it as UTF-8 (PowerShell: Out-File -Encoding utf8)' };
  }
  const invalidAt = findInvalid(bytes);
  if (invalidAt === undefined) return undefined;
  const line = 1 + bytes.subarray(0, invalidAt).filter((byte) => byte === 0x0a).length;
  const byte = (bytes[invalidAt] ?? 0).toString(16).padStart(2, '0');
  return { expected, got: `byte 0x${byte}, which is none (Latin-1 perhaps): save it as UTF-8`, line };
}

/** The problem as one sentence, with the line behind the name of the text where it is known. */
export function formatEncodingProblem(name: string, { expected, got, line }: EncodingProblem): string {
  return `${line === undefined ? name : `${name}:${line}`}: expected ${expected}, got ${got}`;
}

/** By its mark, or by the zeros of its first two letters: YAML and JSON begin with ASCII. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  if (bytes.length < 4) return false;
  const isLittleEndian = first !== 0 && second === 0 && third !== 0 && fourth === 0;
  return isLittleEndian || (first === 0 && second !== 0 && third === 0 && fourth !== 0);
}

/** The index of the first byte that is no UTF-8 (https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/, table 3-7). */
function findInvalid(bytes: Uint8Array): number | undefined {
  let index = 0;
  while (index < bytes.length) {
    const length = sequenceLength(bytes, index);
    if (length === 0) return index;
    index += length;
  }
  return undefined;
}

/** The length of the well-formed sequence at the index; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, index: number): number {
  const lead = bytes[index] ?? 0;
  if (lead < 0x80) return 1;
  const form = forms.find(({ from, to }) => lead >= from && lead <= to);
  if (form === undefined) return 0;
  const [second = 0, ...others] = bytes.subarray(index + 1, index + form.length);
  const isWhole = others.length === form.length - 2 && others.every((byte) => byte >= 0x80 && byte <= 0xbf);
  return isWhole && second >= form.least && second <= form.most ? form.length : 0;
}

/** Lead bytes, the length that each announces, and the bounds of the second byte. */
const forms = [
  { from: 0xc2, to: 0xdf, length: 2, least: 0x80, most: 0xbf },
  { from: 0xe0, to: 0xe0, length: 3, least: 0xa0, most: 0xbf },
  { from: 0xe1, to: 0xec, length: 3, least: 0x80, most: 0xbf },
  { from: 0xed, to: 0xed, length: 3, least: 0x80, most: 0x9f },
  { from: 0xee, to: 0xef, length: 3, least: 0x80, most: 0xbf },
  { from: 0xf0, to: 0xf0, length: 4, least: 0x90, most: 0xbf },
  { from: 0xf1, to: 0xf3, length: 4, least: 0x80, most: 0xbf },
  { from: 0xf4, to: 0xf4, length: 4, least: 0x80, most: 0x8f },
] as const;

/** The bytes of a text in UTF-8. Half of a surrogate pair becomes U+FFFD, which has three. */
export function countBytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
