import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

const engines = ['podman', 'docker'] as const;

/** The program that builds and runs images; both understand what is used here. */
export type Engine = (typeof engines)[number];

/** The first engine that works here; undefined where none does. A `docker` without its daemon does not. */
export async function findEngine(): Promise<Engine | undefined> {
  for (const engine of engines) {
    const works = await run(engine, ['info']).then(
      () => true,
      () => false,
    );
    if (works) return engine;
  }
  return undefined;
}

/** Runs a command of the engine with its output shown. */
export async function engineCommand(engine: Engine, args: readonly string[]): Promise<void> {
  const [code] = await once(spawn(engine, args, { stdio: ['ignore', 'inherit', 'inherit'] }), 'exit');
  if (code !== 0) throw new Error(`${engine} ${args[0]} ended with exit code ${String(code)}`);
}
