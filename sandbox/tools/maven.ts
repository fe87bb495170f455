import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheKey } from './cache.ts';
import type { MavenTool } from './table.ts';

const run = promisify(execFile);

/** Whether this machine has what `buildMavenTool` and the result need. */
export async function hasMaven(): Promise<boolean> {
  const probes = [run('java', ['-version']), run('mvn', ['--version'])];
  return Promise.all(probes).then(
    () => true,
    () => false,
  );
}

export function mavenKey(tool: MavenTool): string {
  return cacheKey([tool.name, tool.version, tool.mainClass], [pomFile(tool), checksumFile(tool)]);
}

/** Fetches the archives, verifies each against the repository's checksums, and writes a script that starts them. */
export async function buildMavenTool(tool: MavenTool, directory: string): Promise<void> {
  const libraries = join(directory, 'lib');
  await fetchArchives(tool, libraries);
  await verifyArchives(tool, libraries);
  await writeFile(join(directory, tool.name), startScript(tool), { mode: 0o755 });
}

async function fetchArchives(tool: MavenTool, libraries: string): Promise<void> {
  const goals = [
    '--batch-mode',
    '--quiet',
    '--file',
    pomFile(tool),
    'dependency:copy-dependencies',
    `-DoutputDirectory=${libraries}`,
  ];
  try {
    await run('mvn', goals, { maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw new Error(`${tool.name} ${tool.version} could not be fetched with mvn`, { cause: error });
  }
}

async function verifyArchives(tool: MavenTool, libraries: string): Promise<void> {
  const expected = pinnedChecksums(tool);
  const present = await readdir(libraries);
  const missing = [...expected.keys()].filter((name) => !present.includes(name));
  if (missing.length > 0) throw new Error(`${tool.name}: archives are missing: ${missing.join(', ')}`);
  for (const name of present) {
    const actual = createHash('sha256')
      .update(await readFile(join(libraries, name)))
      .digest('hex');
    if (actual === expected.get(name)) continue;
    throw new Error(
      `${tool.name}: ${name} has the checksum ${actual}, expected ${expected.get(name) ?? 'no such archive'}`,
    );
  }
}

/** The lines of `sha256sum`: checksum, two spaces, file name. */
function pinnedChecksums(tool: MavenTool): ReadonlyMap<string, string> {
  const lines = readFileSync(checksumFile(tool), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

function startScript(tool: MavenTool): string {
  return [
    '#!/bin/sh',
    'directory=$(dirname "$(readlink -f "$0")")',
    `exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m -cp "$directory/lib/*" ${tool.mainClass} "$@"`,
    '',
  ].join('\n');
}

function pomFile(tool: MavenTool): string {
  return fileURLToPath(new URL(`${tool.name}/pom.xml`, import.meta.url));
}

function checksumFile(tool: MavenTool): string {
  return fileURLToPath(new URL(`${tool.name}/sha256sums`, import.meta.url));
}
