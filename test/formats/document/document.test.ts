import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDocuments, unlocated } from '../../../formats/document/document.ts';
import type { LocatedDocument } from '../../../formats/document/document.ts';
import type { Path } from '../../../formats/document/issue.ts';
import { formatYaml } from '../../../formats/document/yaml.ts';

function read(text: string): LocatedDocument {
  const reading = readDocuments(text, 'file');
  const [document] = reading.kind === 'read' ? reading.documents : [];
  if (document === undefined) throw new Error(`not one document: ${JSON.stringify(reading)}`);
  return document;
}

/** The text at the position of a path, to the end of its line. */
function textAt(text: string, document: LocatedDocument, path: Path): string | undefined {
  const position = document.findPosition(path);
  return position && text.split(/\r?\n/)[position.line - 1]?.slice(position.column - 1);
}

const text = `# comment
spec:
  list:
  - name: one
    value: "1"
  - { name: two, value: 'x' }
  -
    - nested: [a, b]
  "quoted key": yes
  empty:
  block: |
    line
  multi: plain
    text
`;

describe('findPosition', () => {
  test.each<[Path, string]>([
    [['spec', 'list', 0], 'name: one'],
    [['spec', 'list', 0, 'value'], '"1"'],
    [['spec', 'list', 1], "{ name: two, value: 'x' }"],
    [['spec', 'list', 1, 'value'], "'x' }"],
    [['spec', 'list', 2, 0, 'nested', 1], 'b]'],
    [['spec', 'quoted key'], 'yes'],
    [['spec', 'block'], '    line'],
    [['spec', 'multi'], 'plain'],
  ])('%j is the place of the value', (path, expected) => {
    expect(textAt(text, read(text), path)).toBe(expected);
  });

  test('an empty value is placed at its key', () => {
    expect(textAt(text, read(text), ['spec', 'empty'])).toBe('empty:');
  });

  test('a missing value is placed at what should contain it', () => {
    expect(textAt(text, read(text), ['spec', 'list', 1, 'other', 'deeper'])).toBe("{ name: two, value: 'x' }");
  });

  test('an alias is placed where it is used', () => {
    const aliased = 'a: &x 1\nb: *x\n';
    expect(read(aliased).findPosition(['b'])?.line).toBe(2);
  });

  test('lines end with a line feed, also after a carriage return', () => {
    const crlf = text.replaceAll('\n', '\r\n');
    expect(textAt(crlf, read(crlf), ['spec', 'list', 0, 'value'])).toBe('"1"');
  });

  test('JSON has places too', () => {
    const json = '{"a": [1, {"b": 2}]}';
    expect(textAt(json, read(json), ['a', 1, 'b'])).toBe('2}]}');
  });

  test('each document of several has its own', () => {
    const reading = readDocuments('a: 1\n---\na: 2\n', 'file');
    const lines = reading.kind === 'read' ? reading.documents.map(({ findPosition }) => findPosition(['a'])?.line) : [];
    expect(lines).toEqual([1, 3]);
  });

  test('what never was text has none', () => {
    expect(unlocated({ a: 1 }).findPosition(['a'])).toBeUndefined();
  });

  test('finds every scalar of any document where it stands', () => {
    const leaf = fc.integer({ min: 0, max: 1_000_000 });
    const key = fc.stringMatching(/^[a-z]{1,5}$/);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, fc.boolean(), (value, asJson) => {
        const written = asJson ? JSON.stringify(value, null, 1) : formatYaml(value);
        const document = read(written);
        for (const [path, number] of leaves(value)) {
          expect(textAt(written, document, path)).toMatch(new RegExp(`^${number}\\b`));
        }
      }),
    );
  });
});

test('keyPositionOf is the place of the key', () => {
  expect(read(text).findKeyPosition(['spec', 'list'])).toEqual({ line: 3, column: 3 });
});

function leaves(value: unknown, path: Path = []): [Path, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((inner, index) => leaves(inner, [...path, index]));
  return Object.entries(value ?? {}).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}
