/** Called for every tool that has to be built, but not for tools from the cache. */
export interface Progress {
  /** Before the first of several builds. */
  planned(plan: BuildPlan): void;
  starting(step: BuildStep): void;
  finished(step: BuildStep & { readonly seconds: number }): void;
}

export interface BuildPlan {
  readonly tools: number;
  readonly typicalSeconds: number;
  /** Where the tools will be, and what their builds share until the last one is done. */
  readonly cacheDirectory: string;
}

export interface BuildStep {
  readonly name: string;
  readonly version: string;
  /** From 1. */
  readonly position: number;
  readonly count: number;
  readonly typicalSeconds: number;
}

/** Of a build of all parts, by `du` while it went on and after it. */
const peakGigabytes = 12;
const finalGigabytes = 0.8;

/** Writes what is to come, one line when a build starts and one when it is done, on standard error. */
export const progressOnStderr: Progress = {
  planned: ({ tools, typicalSeconds, cacheDirectory }) => {
    const minutes = Math.ceil(typicalSeconds / 60);
    process.stderr.write(
      `${tools} parts of the sandbox are built first, once: about ${minutes} min on 2 idle cores. ${cacheDirectory} takes up to ` +
        `${peakGigabytes} GB while this goes on, and ${finalGigabytes} GB afterwards. After Ctrl-C the next start goes on where it was.\n`,
    );
  },
  starting: ({ name, version, position, count, typicalSeconds }) => {
    process.stderr.write(
      `[${position}/${count}] building ${name} ${version} (about ${typicalSeconds} s the first time)\n`,
    );
  },
  finished: ({ name, version, position, count, seconds }) => {
    process.stderr.write(`[${position}/${count}] built ${name} ${version} in ${seconds} s\n`);
  },
};
