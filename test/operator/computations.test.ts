import { describe, expect, test } from 'vitest';
import { Computations } from '../../operator/computations.ts';
import { until } from '../support/until.ts';

describe('long computations', () => {
  test('are made for namespaces in turn, and fail for those that asked', async () => {
    const computations = new Computations();
    const order: string[] = [];
    const compute = (namespace: string, name: string): Promise<string> =>
      computations.run(namespace, () => {
        order.push(name);
        if (name === 'bad') throw new Error('cannot be read');
        return name;
      });
    const crowd = ['a1', 'a2', 'a3'].map((name) => compute('a', name));
    const [bad, good] = [compute('b', 'bad'), compute('b', 'b2')];
    await expect(bad).rejects.toThrow('cannot be read');
    expect(await Promise.all([...crowd, good])).toEqual(['a1', 'a2', 'a3', 'b2']);
    expect(order).toEqual(['a1', 'a2', 'bad', 'a3', 'b2']);
  });

  test('leave everything else in the process as much time as they take', async () => {
    const computations = new Computations();
    let done = 0;
    let others = 0;
    const other = setInterval(() => (others += 1), 1);
    const spin = (): void => {
      const begunAtMs = performance.now();
      while (performance.now() - begunAtMs < 20);
      done += 1;
    };
    for (let index = 0; index < 10; index += 1) void computations.run('a', spin);
    await until('all to be computed', async () => done === 10, { pollMs: 5 });
    clearInterval(other);
    // Between ten computations of 20 ms there are nine rests of as long.
    expect(others).toBeGreaterThan(20);
  });
});
