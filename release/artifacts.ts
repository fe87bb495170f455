import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bill } from '../deploy/image/bill.ts';
import { resolveTool } from '../sandbox/index.ts';
import { installedBill } from './bill-of-materials.ts';
import type { Manifest } from './bill-of-materials.ts';
import { readNotes } from './changelog.ts';
import { readCommand, runCommand } from './run.ts';
import { readVersion } from './version.ts';

/** Where the files of a release are put, below the top of the repository. */
export const artifactsDirectory = 'artifacts';

/** The names of the files of a release. */
export function artifactNames(version: string) {
  return {
    package: `serin-${version}.tgz`,
    chart: `serin-chart-${version}.tgz`,
    billOfMaterials: 'sbom.cdx.json',
    notes: 'notes.md',
    checksums: 'SHA256SUMS',
  } as const;
}

/** Makes the files of a release: the package, the chart, the bill of materials, the notes, and the checksums of all. */
export async function makeArtifacts(root: string): Promise<void> {
  const directory = join(root, artifactsDirectory);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const version = readVersion(root);
  const names = artifactNames(version);
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  runCommand(['npm', 'pack', '--pack-destination', directory], root);
  // Before it has its own name, the chart has that of the package.
  const scratch = join(directory, 'chart');
  runCommand([await resolveTool('helm'), 'package', 'deploy/chart', '--destination', scratch], root);
  renameSync(join(scratch, names.package), join(directory, names.chart));
  rmSync(scratch, { recursive: true });
  write(names.billOfMaterials, billOfMaterials(root));
  write(names.notes, `${readNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)}\n`);
  const made = readdirSync(directory).toSorted();
  write(names.checksums, made.map((name) => checksumLine(directory, name)).join(''));
}

/** In CycloneDX's form. */
function billOfMaterials(root: string): string {
  const text = readCommand(['npm', 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], root);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  return `${JSON.stringify(installedBill(JSON.parse(text) as Bill, manifest), null, 2)}\n`;
}

/** As `sha256sum` writes and checks it. */
function checksumLine(directory: string, name: string): string {
  const checksum = createHash('sha256')
    .update(readFileSync(join(directory, name)))
    .digest('hex');
  return `${checksum}  ${name}\n`;
}
