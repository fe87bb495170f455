import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, exists, fillOnce } from './cache.ts';
import { buildGoTool, copyModuleFiles, goDirectory, goKey } from './go.ts';
import { buildMavenTool, hasMaven, mavenKey } from './maven.ts';
import type { BuildPlan, BuildStep, Progress } from './progress.ts';
import { progressOnStderr } from './progress.ts';
import { environmentVariable, sandboxToolIds, testToolIds, tools } from './table.ts';
import type { GoTool, GoToolId, SandboxToolId, Tool, ToolId } from './table.ts';

/** Absolute path of each tool's program, or folder of files. */
export type ToolPaths<Id extends ToolId = ToolId> = Readonly<Record<Id, string>>;

export type { SandboxToolId } from './table.ts';

/**
 * Finds every tool of the sandbox, building those that neither an environment variable (`SERIN_TOOL_<NAME>`) nor the cache has.
 *
 * @throws Error in one sentence when a tool cannot be built.
 */
export async function resolveSandboxTools(progress: Progress = progressOnStderr): Promise<ToolPaths<SandboxToolId>> {
  return resolveAll(sandboxToolIds, progress);
}

/** Finds every tool of the sandbox and of the tests; a build in the midst of a test would exceed its time limit. */
export async function resolveAllTools(progress: Progress = progressOnStderr): Promise<void> {
  await resolveAll([...sandboxToolIds, ...testToolIds], progress);
  await resolveTemporalTestServer(progress);
}

async function resolveAll<Id extends GoToolId>(ids: readonly Id[], progress: Progress): Promise<ToolPaths<Id>> {
  const paths = await resolveInOrder(
    ids.map((id) => tools[id]),
    progress,
  );
  // One path for every id.
  return Object.fromEntries(ids.map((id, index) => [id, paths[index]])) as ToolPaths<Id>;
}

/**
 * Finds tools, the sandbox's or others, one after another: each build uses all cores. What the builds shared is removed after the last one.
 *
 * @throws Error in one sentence when a tool cannot be built.
 */
export async function resolveInOrder(list: readonly Tool[], progress: Progress): Promise<readonly string[]> {
  const missing = await missingTools(list);
  if (missing.length > 0) progress.planned(buildPlan(missing));
  const paths: string[] = [];
  for (const [index, tool] of list.entries()) {
    paths.push(await resolve(tool, { position: index + 1, count: list.length }, progress));
  }
  if (missing.length > 0) await rm(goDirectory(), { recursive: true, force: true });
  return paths;
}

async function missingTools(list: readonly Tool[]): Promise<readonly Tool[]> {
  const ready = await Promise.all(list.map(isReady));
  return list.filter((_, index) => ready[index] !== true);
}

/** Whether the environment names the tool or the cache has it. */
async function isReady(tool: Tool): Promise<boolean> {
  return process.env[environmentVariable(tool)] !== undefined || (await exists(pathInCache(tool)));
}

function buildPlan(missing: readonly Tool[]): BuildPlan {
  const typicalSeconds = missing.reduce((sum, tool) => sum + tool.typicalBuildSeconds, 0);
  return { tools: missing.length, typicalSeconds, cacheDirectory: cacheDirectory() };
}

/** Finds one tool, building it if necessary. */
export async function resolveTool(id: GoToolId, progress: Progress = progressOnStderr): Promise<string> {
  return resolve(tools[id], { position: 1, count: 1 }, progress);
}

/** Finds a program that is not the sandbox's, building it if necessary. */
export async function resolveGoTool(tool: GoTool, progress: Progress = progressOnStderr): Promise<string> {
  await fillOnce(directoryInCache(tool), (directory) => build(tool, directory, { position: 1, count: 1 }, progress));
  return pathInCache(tool);
}

/**
 * The time-skipping Temporal test server of the workflow tests, or `undefined` where Java and Maven are missing and no
 * environment variable names one: then the Temporal SDK downloads its own.
 */
export async function resolveTemporalTestServer(progress: Progress = progressOnStderr): Promise<string | undefined> {
  const tool = tools.temporalTestServer;
  if (!(await isReady(tool)) && !(await hasMaven())) return undefined;
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
