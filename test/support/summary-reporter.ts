import type { Reporter, TestModule } from 'vitest/node';

interface Counts {
  readonly file: string;
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: number;
}

/** Counts the tests of all runs that it is told of; a file that runs again is counted as it ran last. */
export class TestCounter implements Reporter {
  readonly #files = new Map<string, Counts>();
  readonly #atSecondAttempt = new Set<string>();
  #otherFailures = 0;

  get failed(): number {
    return this.#sum(({ failed }) => failed.length) + this.#otherFailures;
  }

  /** The files with failed tests; undefined where something else has failed too, which no file can answer for. */
  get failedFiles(): readonly string[] | undefined {
    if (this.#otherFailures > 0) return undefined;
    return [...this.#files.values()].filter(({ failed }) => failed.length > 0).map(({ file }) => file);
  }

  /** The tests that failed at first and passed when their file ran again. */
  get atSecondAttempt(): readonly string[] {
    return [...this.#atSecondAttempt];
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    for (const module of modules) this.#count(module);
    this.#otherFailures += unhandledErrors.length;
  }

  /** For what is no test: a step before them that failed. */
  addFailure(): void {
    this.#otherFailures += 1;
  }

  /** `N passed, N failed`, and `, N skipped` where some were. */
  summary(): string {
    const skipped = this.#sum((counts) => counts.skipped);
    return `${this.#sum(({ passed }) => passed)} passed, ${this.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  }

  #count(module: TestModule): void {
    const key = `${module.project.name} ${module.moduleId}`;
    const counts = countTests(module);
    const before = this.#files.get(key)?.failed ?? [];
    for (const name of before) if (!counts.failed.includes(name)) this.#atSecondAttempt.add(name);
    this.#files.set(key, counts);
  }

  #sum(count: (counts: Counts) => number): number {
    return [...this.#files.values()].reduce((sum, counts) => sum + count(counts), 0);
  }
}

/** A file that failed without a failed test, in a hook or as it was loaded, counts as one failure. */
function countTests(module: TestModule): Counts {
  const { moduleId: file, relativeModuleId: path } = module;
  const tests = [...module.children.allTests()];
  const inState = (state: string) => tests.filter((test) => test.result().state === state);
  const names = inState('failed').map(({ fullName }) => `${path} > ${fullName}`);
  const failed = names.length === 0 && module.state() === 'failed' ? [path] : names;
  return { file, failed, passed: inState('passed').length, skipped: inState('skipped').length };
}

/** Ends the run with one plain line of its counts. */
export class SummaryReporter extends TestCounter {
  override onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    super.onTestRunEnd(modules, unhandledErrors);
    process.stdout.write(`\n${this.summary()}\n`);
  }
}
