import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BuiltImage } from '../setup/image.ts';

const run = promisify(execFile);

export interface ContainerRequest {
  readonly env?: Readonly<Record<string, string>>;
  /** Files of this machine by their paths in the container; they must be readable by all. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default: what the image runs. */
  readonly command?: readonly [program: string, ...args: readonly string[]];
}

/** A container that runs in the background. */
export interface Container {
  readonly logs: () => Promise<string>;
  /** Asks it to stop, and returns its exit code. */
  readonly stop: () => Promise<number>;
  readonly remove: () => Promise<void>;
}

/** Runs the image as it should be run: nothing can be written but temporary files, no capabilities, no new ones. Returns what it prints. */
export async function runOnce({ engine, name }: BuiltImage, request: ContainerRequest): Promise<string> {
  const { stdout } = await run(engine, ['run', '--rm', ...containerArgs(name, request)], {
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

/** Starts such a container, on the network of this machine. */
export async function startContainer({ engine, name }: BuiltImage, request: ContainerRequest): Promise<Container> {
  const { stdout } = await run(engine, ['run', '--detach', ...containerArgs(name, request)]);
  const id = stdout.trim();
  return {
    logs: async () => {
      const output = await run(engine, ['logs', id], { maxBuffer: 16 * 1024 * 1024 });
      return output.stdout + output.stderr;
    },
    stop: async () => {
      await run(engine, ['stop', '--time=60', id]);
      return Number((await run(engine, ['inspect', '--format={{.State.ExitCode}}', id])).stdout);
    },
    remove: async () => {
      await run(engine, ['rm', '--force', id]);
    },
  };
}

function containerArgs(image: string, { env = {}, files = {}, command = [''] }: ContainerRequest): readonly string[] {
  const [program, ...args] = command;
  return [
    '--network=host',
    '--read-only',
    '--tmpfs=/tmp',
    '--cap-drop=all',
    '--security-opt=no-new-privileges',
    '--no-healthcheck',
    ...Object.entries(env).map(([variable, value]) => `--env=${variable}=${value}`),
    ...Object.entries(files).map(([target, source]) => `--volume=${source}:${target}:ro`),
    ...(program === '' ? [] : [`--entrypoint=${program}`]),
    image,
    ...args,
  ];
}
