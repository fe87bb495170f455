import { describe, expect, test } from 'vitest';
import type { CommandContext } from '../../../client/context.ts';
import { CommandError } from '../../../client/errors.ts';
import { explainNamespace } from '../../../client/temporal/namespace-hint.ts';

/** The message after a command has failed so. */
function explained(
  namespace: string | undefined,
  id: string,
  error = new CommandError('notFound', 'not there'),
): string {
  const connection = namespace === undefined ? {} : { namespace };
  // What the hint depends on.
  const context = { connection, program: 'serin' } as CommandContext;
  try {
    return explainNamespace(context, 'assert', id)(error);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : '';
  }
}

describe("iter8ctl's spelling, assert NAME -n NAMESPACE", () => {
  test("is told as what it is: Temporal's namespace, with the spelling that is meant", () => {
    expect(explained('shop', 'canary')).toBe(
      "not there; -n is Temporal's namespace; for the experiment canary of the Kubernetes namespace shop: `serin assert shop/canary`",
    );
  });

  test.each([
    ['without a namespace on the command line', undefined, 'canary', undefined],
    ['where the id has a namespace', 'shop', 'shop/canary', undefined],
    ['where something else went wrong', 'shop', 'canary', new CommandError('unreachable', 'not there')],
  ])('is no matter %s', (_, namespace, id, error) => {
    expect(explained(namespace, id, error)).toBe('not there');
  });
});
