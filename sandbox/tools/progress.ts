/** Called for every tool that has to be built, but not for tools from the cache. */
export interface Progress {
  starting(step: BuildStep): void;
  finished(step: BuildStep & { readonly seconds: number }): void;
}

export interface BuildStep {
  readonly name: string;
  readonly version: string;
  /** From 1. */
  readonly position: number;
  readonly count: number;
  readonly typicalSeconds: number;
}

/** Writes one line when a build starts and one when it is done, on standard error. */
export const progressOnStderr: Progress = {
  starting: ({ name, version, position, count, typicalSeconds }) => {
    process.stderr.write(
      `[${position}/${count}] building ${name} ${version} (about ${typicalSeconds} s the first time)\n`,
    );
  },
  finished: ({ name, version, position, count, seconds }) => {
    process.stderr.write(`[${position}/${count}] built ${name} ${version} in ${seconds} s\n`);
  },
};
