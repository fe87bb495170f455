/**
 * iter8's tutorial "progressive canary using Helm" on a sandbox of real parts, shown step by step.
 *
 * Run as: `npm run demo [-- --fault errors|latency|hang] [--keep]`.
 */
import { parseArgs } from 'node:util';
import { startSandbox } from '../index.ts';
import { choices, readFault } from './fault.ts';
import { narrate, note } from './narration.ts';
import { printAddresses, runTutorial } from './tutorial.ts';

const help = `Walks through iter8's tutorial on a local Knative, Temporal, Prometheus and Helm.

  npm run demo                      a good candidate is promoted
  npm run demo -- --fault errors    a bad one is rolled back (${choices.join(', ')})
  npm run demo -- --keep            leave everything up until Ctrl-C
`;

const interrupted = Promise.withResolvers<'interrupted'>();
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted.resolve('interrupted');
    interruption.abort();
  });
}

const { fault, keep } = readFlags();
const startedAt = Date.now();
narrate('Starting the sandbox: etcd, Kubernetes API, Knative Serving, Temporal, Prometheus, a chart repository');
const sandbox = await Promise.race([startSandbox(), interrupted.promise]);
// What was being started dies with this process.
if (sandbox === 'interrupted') process.exit(130);
note(`ready after ${Math.round((Date.now() - startedAt) / 1000)} s`);

const tutorialEnd = runTutorial(sandbox, { fault, signal: interruption.signal }).then(
  () => 'done' as const,
  (error: unknown) => ({ error }),
);
const end = await Promise.race([tutorialEnd, interrupted.promise]);
if (end === 'done') {
  note(`the whole demo took ${Math.round((Date.now() - startedAt) / 1000)} s`);
  if (keep) await stay();
}
await sandbox.stop();
if (typeof end === 'object') process.stderr.write(`\nThe demo failed: ${errorText(end.error)}\n`);
process.exit(end === 'done' ? 0 : end === 'interrupted' ? 130 : 1);

async function stay(): Promise<void> {
  narrate('Everything stays up until Ctrl-C');
  if (sandbox !== 'interrupted') printAddresses(sandbox);
  await interrupted.promise;
}

function readFlags(): { fault: ReturnType<typeof readFault>; keep: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        fault: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      process.stdout.write(help);
      process.exit(0);
    }
    return { fault: readFault(values.fault), keep: values.keep };
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n\n${help}`);
    process.exit(2);
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
