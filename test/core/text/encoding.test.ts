import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countBytes, findEncodingProblem } from '../../../core/text/encoding.ts';

const manifest = 'kind: Experiment\nmetadata: { name: café }\n';
const remedy = 'UTF-16: save it as UTF-8 (PowerShell: Out-File -Encoding utf8)';

function utf16(text: string, { isBig = false, hasMark = false } = {}): Uint8Array {
  const bytes = Buffer.from(hasMark ? `\ufeff${text}` : text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
}

describe('bytes that are no UTF-8', () => {
  test.each([
    ['little endian, with its mark', { hasMark: true }],
    ['big endian, with its mark', { hasMark: true, isBig: true }],
    ['little endian', {}],
    ['big endian', { isBig: true }],
  ])('are told as UTF-16, with the remedy: %s', (_, options) => {
    expect(findEncodingProblem(utf16(manifest, options))).toEqual({ expected: 'UTF-8', got: remedy });
  });

  test('are refused with their line, not replaced', () => {
    expect(findEncodingProblem(Buffer.from(manifest, 'latin1'))).toEqual({
      expected: 'UTF-8',
      got: 'byte 0xe9, which is none (Latin-1 perhaps): save it as UTF-8',
      line: 2,
    });
  });

  test.each([
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a number beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a sequence that ends too early', [0x61, 0xe2, 0x82]],
    ['a continuation alone', [0x80]],
  ])('are found: %s', (_, bytes) => {
    expect(findEncodingProblem(Uint8Array.from(bytes))?.got).toContain('which is none');
  });

  test('are what a strict decoder refuses, and nothing else', () => {
    const decodes = (bytes: Uint8Array): boolean => {
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes) !== undefined;
      } catch {
        return false;
      }
    };
    const noZeros = fc.uint8Array({ maxLength: 12 }).map((bytes) => Uint8Array.from([0x61, 0x61, ...bytes]));
    fc.assert(
      fc.property(noZeros, (bytes) => (findEncodingProblem(bytes) === undefined) === decodes(bytes)),
      { seed: 20 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        return findEncodingProblem(Buffer.from(`ab${text}`.toWellFormed())) === undefined;
      }),
      { seed: 20 },
    );
  });

  test('may begin with the mark of UTF-8', () => {
    expect(findEncodingProblem(Buffer.from(`\ufeff${manifest}`))).toBeUndefined();
    expect(findEncodingProblem(new Uint8Array())).toBeUndefined();
  });
});

test('the bytes of a text are those that UTF-8 has', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(countBytes(text)).toBe(Buffer.byteLength(text));
    }),
  );
  expect(countBytes('\ud800x')).toBe(Buffer.byteLength('\ud800x'));
});
