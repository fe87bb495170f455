import { expect, test } from 'vitest';
import { testCluster } from '../support/cluster.ts';
import { possibleDisturbances } from './survival/disturbances.ts';
import { survive } from './survival/survive.ts';

const chosen = [
  'worker killed, another one started',
  'helm killed',
  'Temporal killed',
  'API server killed',
  'Prometheus killed',
  'API connections cut',
  'metrics NaN',
  'notices hang',
  'a message that cannot be decoded',
];

const limitMs = 600_000;

test(
  'runs that are disturbed at random moments end as they must, by the word of others',
  { timeout: limitMs },
  async () => {
    const cluster = await testCluster();
    const names = possibleDisturbances(cluster.sandbox);
    const numbers = chosen.map((name) => names.indexOf(name));
    const results = await survive(cluster, { numbers, seed: 1, lanes: 4, continuesAsNew: false });
    expect(results).toHaveLength(chosen.length);
    expect(results.filter(({ violations }) => violations.length > 0)).toEqual([]);
  },
);
