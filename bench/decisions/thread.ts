import { parentPort } from 'node:worker_threads';
import { runCell } from './cells.ts';

parentPort?.on('message', ({ name, runs }: { name: string; runs: number }) => {
  parentPort?.postMessage(runCell(name, runs));
});
