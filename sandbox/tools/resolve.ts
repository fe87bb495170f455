import { join } from 'node:path';
import { cacheDirectory, exists, fillOnce } from './cache.ts';
import { buildGoTool, copyModuleFiles, goKey } from './go.ts';
import { buildMavenTool, hasMaven, mavenKey } from './maven.ts';
import type { BuildStep, Progress } from './progress.ts';
import { progressOnStderr } from './progress.ts';
import { environmentVariable, sandboxToolIds, tools, type SingleToolId, type Tool, type ToolId } from './table.ts';

/** Absolute path of each tool's program, or folder of files. */
export type ToolPaths<Id extends ToolId = ToolId> = Readonly<Record<Id, string>>;

export type SandboxToolId = Exclude<ToolId, SingleToolId>;

/**
 * Finds every tool of the sandbox, building those that neither an environment variable (`SERIN_TOOL_<NAME>`) nor the cache has.
 * One after another: each build uses all cores.
 *
 * @throws Error in one sentence when a tool cannot be built.
 */
export async function resolveSandboxTools(progress: Progress = progressOnStderr): Promise<ToolPaths<SandboxToolId>> {
  const paths = new Map<ToolId, string>();
  for (const [index, id] of sandboxToolIds.entries()) {
    paths.set(id, await resolve(tools[id], { position: index + 1, count: sandboxToolIds.length }, progress));
  }
  // Filled for every id of the table by the loop above.
  return Object.fromEntries(paths) as ToolPaths<SandboxToolId>;
}

/** Finds one tool, building it if necessary. */
export async function resolveTool(
  id: Exclude<ToolId, 'temporalTestServer'>,
  progress: Progress = progressOnStderr,
): Promise<string> {
  return resolve(tools[id], { position: 1, count: 1 }, progress);
}

/**
 * The time-skipping Temporal test server of the workflow tests, or `undefined` where Java and Maven are missing and no
 * environment variable names one: then the Temporal SDK downloads its own.
 */
export async function resolveTemporalTestServer(progress: Progress = progressOnStderr): Promise<string | undefined> {
  const tool = tools.temporalTestServer;
  const isReady = process.env[environmentVariable(tool)] !== undefined || (await exists(pathInCache(tool)));
  if (!isReady && !(await hasMaven())) return undefined;
  return resolve(tool, { position: 1, count: 1 }, progress);
}

async function resolve(tool: Tool, step: Pick<BuildStep, 'position' | 'count'>, progress: Progress): Promise<string> {
  const named = process.env[environmentVariable(tool)];
  if (named !== undefined && named !== '') return existing(named, tool);
  await fillOnce(directoryInCache(tool), (directory) => build(tool, directory, step, progress));
  return pathInCache(tool);
}

async function existing(path: string, tool: Tool): Promise<string> {
  if (await exists(path)) return path;
  throw new Error(`${environmentVariable(tool)} names ${path}, which does not exist`);
}

async function build(
  tool: Tool,
  directory: string,
  { position, count }: Pick<BuildStep, 'position' | 'count'>,
  progress: Progress,
): Promise<void> {
  const { name, version, typicalBuildSeconds: typicalSeconds } = tool;
  const step: BuildStep = { name, version, position, count, typicalSeconds };
  const startedAt = Date.now();
  progress.starting(step);
  await buildKind(tool, directory);
  progress.finished({ ...step, seconds: Math.round((Date.now() - startedAt) / 1000) });
}

function buildKind(tool: Tool, directory: string): Promise<void> {
  switch (tool.kind) {
    case 'go':
      return buildGoTool(tool, directory);
    case 'files':
      return copyModuleFiles(tool, directory);
    case 'maven':
      return buildMavenTool(tool, directory);
  }
}

function pathInCache(tool: Tool): string {
  const directory = directoryInCache(tool);
  return tool.kind === 'files' ? directory : join(directory, tool.name);
}

function directoryInCache(tool: Tool): string {
  const key = tool.kind === 'maven' ? mavenKey(tool) : goKey(tool);
  return join(cacheDirectory(), 'tools', `${tool.name}-${tool.version}-${key}`);
}
