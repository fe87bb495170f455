import type { Reporter, TestModule } from 'vitest/node';

/** Counts the tests of all runs that it is told of. */
export class TestCounter implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  get failed(): number {
    return this.#failed;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    for (const module of modules) this.#count(module);
    this.#failed += unhandledErrors.length;
  }

  /** For what is no test: a step before them that failed. */
  addFailure(): void {
    this.#failed += 1;
  }

  /** `N passed, N failed`, and `, N skipped` where some were. */
  summary(): string {
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : '';
    return `${this.#passed} passed, ${this.#failed} failed${skipped}`;
  }

  /** A file that failed without a failed test, in a hook or as it was loaded, counts as one failure. */
  #count(module: TestModule): void {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const failed = states.filter((state) => state === 'failed').length;
    this.#passed += states.filter((state) => state === 'passed').length;
    this.#failed += failed === 0 && module.state() === 'failed' ? 1 : failed;
    this.#skipped += states.filter((state) => state === 'skipped').length;
  }
}

/** Ends the run with one plain line of its counts. */
export class SummaryReporter extends TestCounter {
  override onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    super.onTestRunEnd(modules, unhandledErrors);
    process.stdout.write(`\n${this.summary()}\n`);
  }
}
