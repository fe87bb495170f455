import { gunzipSync } from 'node:zlib';

/** A text of a chart by its name in it, as helm names it: `templates/a.yaml`, `charts/b/templates/c.yaml`. */
export interface ChartText {
  readonly name: string;
  readonly text: string;
}

/** Bytes that are unpacked in all, archives in the archive too: charts are text of less, and helm refuses much larger ones by itself. */
const unpackedBytes = 64 * 1024 * 1024;

/**
 * The templates and default values of a chart and of its subcharts, packed or not; helm prints those of the chart itself only.
 * None of an archive that cannot be read, of which helm says what is wrong.
 */
export function readChartTexts(archive: Buffer): readonly ChartText[] {
  return readTexts(archive, { bytes: unpackedBytes });
}

/** What may still be unpacked. */
interface Budget {
  bytes: number;
}

function readTexts(archive: Buffer, budget: Budget): readonly ChartText[] {
  const bytes = unpack(archive, budget);
  if (bytes === undefined) return [];
  const texts: ChartText[] = [];
  for (const { path, content } of readFiles(bytes)) {
    const name = path.replace(/^[^/]*\//, '');
    if (isText(name)) texts.push({ name, text: content.toString('utf8') });
    if (isSubchart(name)) texts.push(...readSubchart(name, content, budget));
  }
  return texts;
}

/** The archive without its compression; undefined where it has none that can be read, or has more than may be unpacked. */
function unpack(archive: Buffer, budget: Budget): Buffer | undefined {
  if (budget.bytes < 1) return undefined;
  try {
    const bytes = gunzipSync(archive, { maxOutputLength: budget.bytes });
    budget.bytes -= bytes.length;
    return bytes;
  } catch {
    return undefined;
  }
}

function isText(name: string): boolean {
  return /(?:^|\/)templates\/|(?:^|\/)values\.yaml$/.test(name);
}

function isSubchart(name: string): boolean {
  return /(?:^|\/)charts\/[^/]+\.tgz$/.test(name);
}

function readSubchart(name: string, archive: Buffer, budget: Budget): readonly ChartText[] {
  const texts = readTexts(archive, budget);
  const place = name.replace(/-\d[^/]*\.tgz$|\.tgz$/, '');
  return texts.map((text) => ({ ...text, name: `${place}/${text.name}` }));
}

interface ArchivedFile {
  readonly path: string;
  readonly content: Buffer;
}

const blockBytes = 512;

/** The files of a tar archive (POSIX.1-2001 pax): a header of a block each, then the content in whole blocks. */
function* readFiles(archive: Buffer): Generator<ArchivedFile> {
  let longPath: string | undefined;
  for (let at = 0; at + blockBytes <= archive.length;) {
    const header = archive.subarray(at, at + blockBytes);
    const size = Number.parseInt(readField(header, 124, 12), 8);
    if (!Number.isSafeInteger(size)) return;
    const content = archive.subarray(at + blockBytes, at + blockBytes + size);
    const type = readField(header, 156, 1);
    if (type === '' || type === '0') yield { path: longPath ?? readPath(header), content };
    longPath = readLongPath(type, content);
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
  }
}

function readPath(header: Buffer): string {
  const [prefix, name] = [readField(header, 345, 155), readField(header, 0, 100)];
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The path of the next file where it does not fit into a header: in a pax record, or as GNU tar writes it. */
function readLongPath(type: string, content: Buffer): string | undefined {
  const text = content.toString('utf8');
  if (type === 'x') return /(?:^|\n)\d+ path=(.*)\n/.exec(text)?.[1];
  return type === 'L' ? text.replace(/\0.*$/s, '') : undefined;
}

function readField(header: Buffer, start: number, length: number): string {
  return header
    .toString('utf8', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
}
