/** Gives the properties more inputs, with a seed of the day's own: `npm run fuzz -- --inputs 1000000 [--seed N]`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

/** `properties.test.ts` has so many properties. */
const properties = 11;

const { values } = parseArgs({ options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const seed = values.seed ?? String(randomInt(2 ** 31));
process.env['FUZZ_INPUTS'] = String(Math.ceil(Number(values.inputs) / properties));
process.env['FUZZ_SEED'] = seed;
process.stdout.write(`seed ${seed}\n`);
const vitest = await startVitest('test', ['test/fuzz'], { project: ['unit'], watch: false });
await vitest.close();
