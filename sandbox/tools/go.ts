import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory, cacheKey } from './cache.ts';
import { environmentVariable, type GoTool, type ModuleFiles } from './table.ts';

const run = promisify(execFile);

/** The cache key of the result of a pinned Go module. */
export function goKey(tool: GoTool | ModuleFiles): string {
  const directory = moduleDirectory(tool.module);
  const sources = ['go.mod', 'go.sum', ...ownSources(tool)].map((name) => join(directory, name));
  return cacheKey([tool.name, tool.version, ...keyParts(tool)], sources);
}

function keyParts(tool: GoTool | ModuleFiles): string[] {
  if (tool.kind === 'files') {
    return [...tool.folders.map(({ goModule, folder }) => `${goModule}/${folder}`), ...(tool.endings ?? [])];
  }
  return [...buildFlags(tool), tool.package, ...(tool.architecture === undefined ? [] : [tool.architecture])];
}

/** Sources of ours, where the package is a folder beside the module's `go.mod`. */
function ownSources(tool: GoTool | ModuleFiles): string[] {
  return tool.kind === 'go' && tool.package.startsWith('./') ? [join(tool.package, 'main.go')] : [];
}

/** Builds the tool with the `go` command into `directory`. */
export async function buildGoTool(tool: GoTool, directory: string): Promise<void> {
  await go(tool, ['build', ...buildFlags(tool), '-o', join(directory, tool.name), tool.package]);
}

/** Copies configuration files out of the modules, following their links. */
export async function copyModuleFiles(files: ModuleFiles, directory: string): Promise<void> {
  await go(files, ['mod', 'download', ...files.folders.map(({ goModule }) => goModule)]);
  for (const { goModule, folder } of files.folders) {
    const source = (await go(files, ['list', '-m', '-f', '{{.Dir}}', goModule])).trim();
    const target = join(directory, goModule.slice(goModule.lastIndexOf('/') + 1));
    await copyFiles(join(source, folder), target, files.endings ?? ['.yaml']);
  }
}

async function copyFiles(source: string, target: string, endings: readonly string[]): Promise<void> {
  const found = await readdir(source, { recursive: true });
  const names = found.filter((name) => endings.some((ending) => name.endsWith(ending)));
  if (names.length === 0) throw new Error(`${source} holds no configuration files`);
  for (const name of names) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    // Not a copy: files of the module cache are read-only, and some are links.
    await writeFile(join(target, name), await readFile(join(source, name)));
  }
}

function buildFlags(tool: GoTool): string[] {
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', tool.ldflags ?? ''].join(' ').trim()];
  return tool.tags === undefined ? flags : [...flags, '-tags', tool.tags];
}

async function go(tool: GoTool | ModuleFiles, args: readonly string[]): Promise<string> {
  const env = { ...process.env, ...buildEnvironment(tool) };
  try {
    const { stdout } = await run('go', args, { cwd: moduleDirectory(tool.module), env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    throw explain(tool, error);
  }
}

/** Neither the caller's flags nor a C compiler may change what is built; what is left over can be removed, since nobody else uses it. */
function buildEnvironment(tool: GoTool | ModuleFiles): Record<string, string> {
  const directory = goDirectory();
  return {
    GOFLAGS: '-modcacherw',
    GOWORK: 'off',
    CGO_ENABLED: '0',
    GOCACHE: join(directory, 'build'),
    GOMODCACHE: join(directory, 'modules'),
    ...(tool.kind === 'go' && tool.architecture !== undefined ? { GOARCH: tool.architecture } : {}),
  };
}

/** Sources and compiled packages, which builds share and a build that was interrupted goes on with: several gigabytes. */
export function goDirectory(): string {
  return join(cacheDirectory(), 'go');
}

function explain(tool: GoTool | ModuleFiles, error: unknown): Error {
  if (!(error instanceof Error)) return new Error(`${tool.name} could not be built: ${String(error)}`);
  if ('code' in error && error.code === 'ENOENT') {
    const instead = tool.kind === 'go' ? `, or name a ready-made one in ${environmentVariable(tool)}` : '';
    return new Error(`Go 1.21 or newer is needed to build ${tool.name} ${tool.version}: install it from https://go.dev/dl${instead}`);
  }
  const output = 'stderr' in error ? String(error.stderr).trim().split('\n').slice(-20).join('\n') : error.message;
  return new Error(`${tool.name} ${tool.version} could not be built with go:\n${output}`, { cause: error });
}

function moduleDirectory(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url));
}
