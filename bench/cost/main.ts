import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { identityAttributes } from '../../test/support/otlp-push.ts';
import { startPrometheus } from '../../test/support/prometheus-server.ts';
import { readings } from './readings.ts';
import type { Cost } from './readings.ts';
import { writePods } from './write-pods.ts';

const run = promisify(execFile);
const given = process.argv.slice(2).map(Number);
const podCounts = given.length > 0 ? given : [5, 50, 200];
const stores = { 'classic histograms': {}, 'native histograms': { convert_histograms_to_nhcb: true } };

/** Prints what each reading of a store costs, for so many pods. */
console.log('| store | pods | reading | time | memory |\n| --- | --- | --- | --- | --- |');
for (const [store, otlp] of Object.entries(stores)) {
  for (const pods of podCounts) {
    const prometheus = await startPrometheus({ promotedAttributes: identityAttributes, otlp });
    try {
      await writePods(prometheus.url, pods);
      for (const reading of Object.keys(readings)) {
        const { ms, bytes } = await measureCost(prometheus.url, reading);
        console.log(
          `| ${store} | ${pods} | ${reading} | ${(ms / 1000).toFixed(2)} s | ${Math.ceil(bytes / 2 ** 20)} MiB |`,
        );
      }
    } finally {
      await prometheus.remove();
    }
  }
}

/** The reading in a process of its own, which has no memory yet. */
async function measureCost(url: string, reading: string): Promise<Cost> {
  const script = fileURLToPath(new URL('read.ts', import.meta.url));
  const { stdout } = await run(process.execPath, [script, url, reading]);
  // What `read.ts` prints.
  return JSON.parse(stdout) as Cost;
}
