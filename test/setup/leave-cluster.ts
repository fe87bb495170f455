import { afterAll } from 'vitest';
import { leaveCluster } from '../support/cluster.ts';

/** After each file on the sandbox: its workers, operators and servers would go on beside all files that follow. */
afterAll(leaveCluster);
