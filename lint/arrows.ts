import { existsSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import { readComponents } from './components.ts';
import type { Imports } from './components.ts';
import { findRoom, isIn, rooms } from './rooms.ts';
import type { Room } from './rooms.ts';

/**
 * Prints the rooms of the sources with the imports (arrows) between them, then the number of import cycles between files (circles),
 * imports of types included, and of arrows that the table in `rooms.ts` does not allow. Each one is named; any ends with exit code 1.
 *
 *     npm run arrows             the drawing and the counts
 *     npm run arrows -- --brief  the counts
 */
async function main(isBrief: boolean): Promise<void> {
  const modules = await readModules();
  const arrows = modules.flatMap(readArrows);
  const problems = [...tableProblems(), ...modules.flatMap(unlistedProblem), ...new Set(arrows.flatMap(arrowProblem))];
  const circles = findCircles(modules);
  if (!isBrief) print('', ...draw(arrows), '');
  print(...circles.map((circle) => `circle: ${circle}`), ...problems);
  print(`${circles.length} circles, ${problems.length} arrows back or not in the table`);
  process.exitCode = circles.length + problems.length === 0 ? 0 : 1;
}

/** An import from one room of another, or of a package. */
interface Arrow {
  readonly file: string;
  readonly from: Room;
  /** The imported file, or the package's name; `node:` for all of Node's modules. */
  readonly target: string;
  readonly to: Room;
}

async function readModules(): Promise<readonly Imports[]> {
  const folders = [...new Set(Object.keys(rooms).map((room) => room.split('/')[0] ?? room))].filter(existsSync);
  const { output } = await cruise(folders, {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: String.raw`\.tsx$` },
    parser: 'swc',
    tsPreCompilationDeps: true,
    ruleSet: { forbidden: [{ name: 'circle', severity: 'error', from: {}, to: { circular: true } }] },
    validate: true,
  });
  if (typeof output === 'string') throw new Error('expected the imports as data');
  const modules = output.modules.filter(({ source }) => source.endsWith('.ts') && !source.startsWith('node_modules'));
  return [...modules, ...readComponents(folders)];
}

function readArrows({ source, dependencies }: Imports): readonly Arrow[] {
  const from = findRoom(source);
  if (from === undefined) return [];
  return dependencies.flatMap((dependency) => {
    const target = findTarget(dependency);
    const to = findRoom(target) ?? target;
    return to === from ? [] : [{ file: source, from, target, to }];
  });
}

function findTarget({ module, resolved, coreModule }: Imports['dependencies'][number]): string {
  if (coreModule) return 'node:';
  if (!resolved.includes('node_modules')) return resolved;
  const depth = module.startsWith('@') ? 2 : 1;
  return module.split('/').slice(0, depth).join('/');
}

/** Finds rooms that list one below them: as long as there are none, nothing that the table allows points back. */
function tableProblems(): readonly string[] {
  const names = Object.keys(rooms);
  return names.flatMap((room, index) => {
    const below = names.slice(index + 1);
    const isBack = (name: string): boolean => below.some((other) => isIn(other, name) && !isIn(other, room));
    return (rooms[room] ?? [])
      .filter(isBack)
      .map((name) => `the table lists ${name} for ${room}, which stands above it`);
  });
}

function unlistedProblem({ source }: Imports): readonly string[] {
  return findRoom(source) === undefined ? [`${source} is in no room of the table`] : [];
}

function arrowProblem({ file, from, target, to }: Arrow): readonly string[] {
  const allowed = rooms[from] ?? [];
  if (allowed.some((name) => name === '*' || isIn(target, name) || isIn(to, name))) return [];
  return [`${file} imports ${target}: ${from} may not import ${to}`];
}

function findCircles(modules: readonly Imports[]): readonly string[] {
  const circles = modules.flatMap(({ source, dependencies }) =>
    dependencies.flatMap(({ circular, cycle = [] }) => (circular ? [[source, ...cycle.map(({ name }) => name)]] : [])),
  );
  const byMembers = new Map(circles.map((circle) => [[...new Set(circle)].toSorted().join(), circle.join(' -> ')]));
  return [...byMembers.values()];
}

/** One line for each room and what it imports, in the order of the table: what imports nothing comes first. */
function draw(arrows: readonly Arrow[]): readonly string[] {
  const width = Math.max(...Object.keys(rooms).map(({ length }) => length));
  return Object.keys(rooms).map((room) => {
    const targets = new Set(arrows.filter(({ from }) => from === room).map(({ to }) => to));
    return `${room.padEnd(width)}  <- ${[...targets].toSorted().join(' ')}`;
  });
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

await main(process.argv.includes('--brief'));
