/** Builds every part of the sandbox, and what else the tests need, into the cache: `node sandbox/build.ts`. */
import { resolveAllTools } from './tools/resolve.ts';

const startedAtMs = Date.now();
try {
  await resolveAllTools();
  process.stderr.write(`the sandbox's parts are ready after ${Math.round((Date.now() - startedAtMs) / 1000)} s\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
