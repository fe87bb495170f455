import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatWriteId, mayWrite, needsLease, parseWriteId } from '../../../core/traffic/fencing.ts';

const plan = { firstRunId: 'run-a', sequence: 3 };

describe('mayWrite', () => {
  test.each([
    { annotation: 'run-a/2', leaseIsOurs: false, expected: 'write' },
    { annotation: 'run-a/3', leaseIsOurs: false, expected: 'alreadyWritten' },
    { annotation: 'run-a/4', leaseIsOurs: true, expected: 'fenced' },
    { annotation: 'run-b/1', leaseIsOurs: true, expected: 'fenced' },
    { annotation: 'run-b/9', leaseIsOurs: false, expected: 'fenced' },
    { annotation: 'by hand', leaseIsOurs: true, expected: 'fenced' },
    { annotation: undefined, leaseIsOurs: true, expected: 'write' },
    { annotation: undefined, leaseIsOurs: false, expected: 'fenced' },
  ])(
    'answers $expected to $annotation when the Lease is ours: $leaseIsOurs',
    ({ annotation, leaseIsOurs, expected }) => {
      expect(mayWrite({ plan, leaseIsOurs, ...(annotation === undefined ? {} : { annotation }) }).kind).toBe(expected);
    },
  );

  test('lets the first write take over from another run, but only with the Lease', () => {
    const first = { annotation: 'run-b/7', plan: { ...plan, sequence: 1 } };
    expect(mayWrite({ ...first, leaseIsOurs: true })).toEqual({ kind: 'write' });
    expect(mayWrite({ ...first, leaseIsOurs: false })).toEqual({
      kind: 'fenced',
      reason: "traffic write run-a/1 refused: the target's Lease is not held by this experiment (last write: run-b/7)",
    });
  });

  test('lets a later write take over when no earlier one got through', () => {
    const later = { annotation: 'run-b/7', plan, leaseIsOurs: true };
    expect(mayWrite({ ...later, previousPlan: 'run-b/7' })).toEqual({ kind: 'write' });
    expect(mayWrite({ ...later, previousPlan: 'run-b/6' })).toEqual({
      kind: 'fenced',
      reason: 'traffic write run-a/3 refused: another run wrote the traffic meanwhile (last write: run-b/7)',
    });
  });

  test('never lets an older write follow a newer one, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 }), (sequences) => {
        let annotation: string | undefined;
        for (const sequence of sequences) {
          const write = { firstRunId: 'run-a', sequence };
          const answer = mayWrite({
            plan: write,
            leaseIsOurs: true,
            ...(annotation === undefined ? {} : { annotation }),
          });
          if (answer.kind === 'write') annotation = formatWriteId(write);
        }
        expect(annotation).toBe(`run-a/${Math.max(...sequences)}`);
      }),
    );
  });
});

describe('needsLease', () => {
  test('asks for the Lease unless the last write is of the same run', () => {
    expect(needsLease({ plan, annotation: 'run-a/1' })).toBe(false);
    expect(needsLease({ plan, annotation: 'run-b/1' })).toBe(true);
    expect(needsLease({ plan })).toBe(true);
  });
});

describe('parseWriteId', () => {
  test('reads back what formatWriteId writes', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(), (firstRunId, sequence) => {
        expect(parseWriteId(formatWriteId({ firstRunId, sequence }))).toEqual({ firstRunId, sequence });
      }),
    );
  });

  test.each(['', 'run-a', 'run-a/', '/1', 'run-a/x', 'run-a/-1', 'a/b/1'])('refuses %j', (text) => {
    expect(parseWriteId(text)).toBeUndefined();
  });
});
