import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { restrictBill } from './bill.ts';
import type { Bill, Component } from './bill.ts';
import type { ImageProgram } from './programs.ts';

const run = promisify(execFile);

/**
 * What the image consists of, in CycloneDX's form: npm's list of the locked packages that are in it, and
 * the programs with their checksums.
 *
 * @param files the paths of the image's files in the checkout
 */
export async function billOfMaterials(
  checkout: string,
  files: readonly string[],
  programs: readonly ImageProgram[],
): Promise<object> {
  const { stdout } = await run('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'], {
    cwd: checkout,
    maxBuffer: 64 * 1024 * 1024,
  });
  // The form of npm's answer.
  const bill = JSON.parse(stdout) as Bill;
  const present = await presentPackages(checkout, files);
  const packages = bill.components.filter(({ name, version }) => present.has(`${name}@${version}`));
  const restricted = restrictBill(bill, new Set(packages.map((component) => component['bom-ref'])));
  return { ...restricted, components: [...packages, ...(await Promise.all(programs.map(programComponent)))] };
}

/** The `name@version` of each package of which the image has a file. */
async function presentPackages(checkout: string, files: readonly string[]): Promise<ReadonlySet<string>> {
  const folders = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const manifests = [...folders]
    .map((folder) => join(checkout, folder, 'package.json'))
    .filter((path) => existsSync(path));
  const packages = await Promise.all(
    manifests.map(async (path) => JSON.parse(await readFile(path, 'utf8')) as Component),
  );
  return new Set(packages.map(({ name, version }) => `${name}@${version}`));
}

async function programComponent({ name, version, path, packageUrl }: ImageProgram) {
  const content = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return {
    'bom-ref': packageUrl,
    type: 'application',
    name,
    version,
    purl: packageUrl,
    hashes: [{ alg: 'SHA-256', content }],
  };
}
