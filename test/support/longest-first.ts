import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Files that take a minute or more: begun last, one of them would keep all others waiting. */
const longest = [
  'test/chaos/frozen-worker.test.ts',
  'test/e2e/sequential.test.ts',
  'test/sandbox/demo.test.ts',
  'test/e2e/abort.test.ts',
  'test/activities/helm/helm.test.ts',
  'test/e2e/preflight.test.ts',
];

/** Runs the longest files first, and all others in vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(name));
      return index === -1 ? longest.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
