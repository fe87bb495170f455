import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

/** A file of the page, with what is sent for each encoding. */
export interface Asset {
  readonly type: string;
  readonly content: Readonly<Record<Encoding, Buffer>>;
}

export type Encoding = 'br' | 'gzip' | 'identity';

/** The files of the page by their path, `/index.html`. */
export type Assets = ReadonlyMap<string, Asset>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Only a checkout has it. */
const buildScript = new URL('../ui/build.ts', import.meta.url);
const packaged = new URL('../ui/', import.meta.url);

let assets: Promise<Assets> | undefined;

/** Reads the page, once a process: the package has it, a checkout makes it of the sources now. */
export function readAssets(): Promise<Assets> {
  assets ??= findFolder().then(readFolder);
  return assets;
}

async function findFolder(): Promise<string> {
  return fileURLToPath(existsSync(buildScript) ? await buildPage() : packaged);
}

async function buildPage(): Promise<URL> {
  const { buildPage: build } = (await import(buildScript.href)) as { buildPage: () => Promise<URL> };
  return build();
}

async function readFolder(folder: string): Promise<Assets> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile() && extname(entry.name) in types);
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }): Promise<[string, Asset]> => {
        const path = join(parentPath, name);
        return [path.slice(folder.length).replace(/^\/?/, '/'), await readAsset(path)];
      }),
    ),
  );
}

async function readAsset(path: string): Promise<Asset> {
  const identity = await readFile(path);
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(identity), promisify(gzip)(identity)]);
  return { type: types[extname(path)] ?? '', content: { br, gzip: zipped, identity } };
}
