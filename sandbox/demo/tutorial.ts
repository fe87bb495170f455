import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault, LoadResult, Sandbox } from '../index.ts';
import { narrate, note, showCommand, showOutput } from './narration.ts';
import { followExperiment, readOutcome, startPage, startWorker } from './programs.ts';

const sampleFolder = fileURLToPath(new URL('../../samples/canary-progressive/', import.meta.url));
const workflowId = 'experiment/default/canary-progressive';
const host = 'sample-app.default.example.com';
const requestsPerSecond = 40;

export interface TutorialOptions {
  readonly fault: Fault | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs the tutorial, steps 1 to 5, with the commands that a user would type.
 *
 * @throws when the experiment ends with another outcome than expected, or when a request to good versions was lost.
 */
export async function runTutorial(sandbox: Sandbox, { fault, signal }: TutorialOptions): Promise<void> {
  await createApp(sandbox);
  const stopLoad = new AbortController();
  const load = sendRequests(sandbox, { fault, signal: stopLoad.signal });
  // Awaited at the end; until then a failure must not count as unhandled.
  load.catch(() => undefined);
  await authorize(sandbox);
  if (fault !== undefined) await breakCandidate(sandbox, fault);
  await runExperiment(sandbox, signal);
  await showResult(sandbox);
  stopLoad.abort();
  const result = await load;
  reportLoad(result);
  const { outcome, reason } = await readOutcome(sandbox, workflowId);
  const expected = fault === undefined ? 'Promoted' : 'RolledBack';
  if (outcome !== expected) throw new Error(`expected the outcome ${expected}, got ${outcome}: ${reason}`);
  if (fault === undefined) requireNoLoss(result);
}

/** Prints how to observe and steer the experiment from another terminal. */
export function printAddresses({ kubeconfig, temporal, tools }: Sandbox): void {
  const folders = [...new Set([tools.kubectl, tools.helm, tools.temporal].map((path) => dirname(path)))];
  showOutput(
    [
      `Temporal Web UI: ${temporal.uiUrl}`,
      'In another terminal:',
      `  export KUBECONFIG=${kubeconfig} TEMPORAL_ADDRESS=${temporal.address} PATH=${folders.join(':')}:$PATH`,
      `  temporal workflow query -w ${workflowId} --type describe`,
      `  temporal workflow query -w ${workflowId} --type status`,
      `  temporal workflow list --query 'SerinTarget="default/sample-app"'`,
      `  temporal workflow signal -w ${workflowId} --name pause --input '{"by":"me","reason":"lunch"}'`,
      `  temporal workflow update execute -w ${workflowId} --name resume --input '{"by":"me"}'`,
      `  temporal workflow signal -w ${workflowId} --name abort --input '{"by":"me","reason":"enough"}'`,
    ].join('\n'),
  );
}

async function createApp(sandbox: Sandbox): Promise<void> {
  const repository = `${sandbox.chartRepository.url}/canary-progressive`;
  narrate('Step 1. Create a Knative app with a baseline and a candidate');
  await type(sandbox, 'helm', 'install', '--repo', repository, 'sample-app', 'sample-app', '--namespace=default');
  await type(sandbox, 'kubectl', 'wait', 'ksvc/sample-app', '--for', 'condition=Ready', '--timeout=120s');
  const values = `--values=${repository}/experimental-values.yaml`;
  const upgrade = ['upgrade', '--install', '--repo', repository, 'sample-app', 'sample-app', values];
  await type(sandbox, 'helm', ...upgrade, '--namespace=default');
  await type(sandbox, 'kubectl', 'wait', 'revision/sample-app-v2', '--for', 'condition=Ready', '--timeout=120s');
  await showTraffic(sandbox);
}

function sendRequests(sandbox: Sandbox, { fault, signal }: TutorialOptions): Promise<LoadResult> {
  narrate('Step 2. Send requests');
  note(`Fortio sends ${requestsPerSecond} requests a second through the gateway to ${host}`);
  // A late answer is no lost one; but a request that hangs counts as failed only once its sender gives it up.
  const requestTimeoutMs = fault === undefined ? 30_000 : 3_000;
  const load = { host, requestsPerSecond, durationMs: 20 * 60_000, connections: 16, requestTimeoutMs };
  return sandbox.sendLoad({ ...load, signal });
}

async function authorize(sandbox: Sandbox): Promise<void> {
  narrate('Step 3. Let serin work in the namespace, as its account serin');
  await type(sandbox, 'kubectl', 'apply', '-f', join(sampleFolder, 'helm-secret.yaml'));
  const worker = await startWorker(sandbox);
  note(`a serin worker polls task queue serin; its log: ${worker.logFile}`);
}

async function breakCandidate(sandbox: Sandbox, fault: Fault): Promise<void> {
  await sandbox.setFaults({ namespace: 'default', revision: 'sample-app-v2' }, [fault]);
  narrate(`Fault: the candidate is bad from now on (${fault.kind})`);
}

async function runExperiment(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  narrate('Step 4. Start the experiment from its YAML file');
  const repository = `${sandbox.chartRepository.url}/canary-progressive`;
  const manifest = await readFile(join(sampleFolder, 'experiment.yaml'), 'utf8');
  const file = join(sandbox.stateDirectory, 'experiment.yaml');
  await writeFile(file, manifest.replaceAll('CHART_REPOSITORY_URL', repository));
  const input = ['--input-file', file, '--input-meta', 'encoding=binary/plain'];
  const names = ['--type', 'experiment', '--task-queue', 'serin', '--workflow-id', workflowId, '--fail-existing'];
  await type(sandbox, 'temporal', 'workflow', 'start', ...names, ...input);
  narrate('Step 5. Observe');
  note(`the page, which this address opens once: ${await startPage(sandbox)}`);
  printAddresses(sandbox);
  process.stdout.write('\n');
  await followExperiment(sandbox, workflowId, signal);
}

async function showResult(sandbox: Sandbox): Promise<void> {
  narrate('What is there now');
  await showTraffic(sandbox);
  await type(sandbox, 'helm', 'history', 'sample-app', '--namespace=default');
}

async function showTraffic(sandbox: Sandbox): Promise<void> {
  const args = ['get', 'ksvc', 'sample-app', '-o', 'jsonpath={range .status.traffic[*]}{@}{"\\n"}{end}'];
  await type(sandbox, 'kubectl', ...args);
}

function reportLoad({ total, byStatus }: LoadResult): void {
  const answers = Object.entries(byStatus).map(([status, count]) => `${status}: ${count}`);
  note(`Fortio sent ${total} requests; answers by status: ${answers.join(', ')}`);
}

function requireNoLoss({ total, byStatus }: LoadResult): void {
  const good = byStatus['200'] ?? 0;
  if (good !== total) throw new Error(`expected ${total} answers of status 200, got ${good}`);
}

/** Runs a command as a user would, and shows both. */
async function type(sandbox: Sandbox, program: 'kubectl' | 'helm' | 'temporal', ...args: string[]): Promise<void> {
  showCommand(program, args);
  const run = { kubectl: sandbox.kubectl, helm: sandbox.helm, temporal: sandbox.temporalCommand }[program];
  showOutput(await run(...args));
}
