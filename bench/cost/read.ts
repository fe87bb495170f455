import { isReading, readings } from './readings.ts';
import type { Cost } from './readings.ts';

const [, , url = '', reading = ''] = process.argv;
if (!isReading(reading)) throw new Error(`no reading ${reading}`);
const before = process.resourceUsage().maxRSS;
const startedMs = performance.now();
await readings[reading](url);
const cost: Cost = {
  ms: performance.now() - startedMs,
  bytes: (process.resourceUsage().maxRSS - before) * 1024,
};
console.log(JSON.stringify(cost));
