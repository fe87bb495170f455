/** Builds every part of the sandbox, and the workflow tests' server, into the cache: `node sandbox/build.ts`. */
import { resolveSandboxTools, resolveTemporalTestServer } from './tools/resolve.ts';

try {
  await resolveSandboxTools();
  await resolveTemporalTestServer();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
