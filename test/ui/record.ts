/**
 * Records each state of the page that is not there yet, on Temporal's time-skipping server with a fake cluster. Run as
 * `npm run record:ui`, and with names to record those anew.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { activityInfo } from '@temporalio/activity';
import { statusQuery } from '../../contract/messages.ts';
import { freeze } from '../../server/freeze.ts';
import { describeExecution } from '../../client/temporal/experiments.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import { startWorkflowEnvironment } from '../support/workflow-environment.ts';
import type { ExperimentHandle, WorkflowEnvironment } from '../support/workflow-environment.ts';
import { pageStates } from './states.ts';
import type { PageState } from './states.ts';
import { stateFile } from './recorded-states.ts';

const stepMs = 10_000;
const mostSteps = 1_000;

const names = process.argv.slice(2);
const [only] = names;
const chosen = names.length > 0 ? names : Object.keys(pageStates).filter((name) => !existsSync(stateFile(name)));
if (names.length === 1 && only !== undefined) await record(only);
// Each has a server of its own: one that has skipped hours ends its workers.
else
  for (const name of chosen)
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });
process.exit(0);

async function record(name: string): Promise<void> {
  const state = pageStates[name];
  if (state === undefined) throw new Error(`expected one of ${Object.keys(pageStates).join(', ')}, got ${name}`);
  const workflows = await startWorkflowEnvironment();
  await workflows.run(inSkippedTime(state.world()), async (handle) => {
    const problem = await reach(workflows, handle, state);
    if (problem !== undefined) throw new Error(`${name}: ${problem}`);
    await mkdir(stateFile(), { recursive: true });
    await writeFile(stateFile(name), `${JSON.stringify(await freezeNow(workflows, handle))}\n`);
    console.error(`recorded ${name}`);
  });
  await workflows.teardown();
}

/** Brings the experiment to the state. Returns why it cannot. */
async function reach(
  workflows: WorkflowEnvironment,
  handle: ExperimentHandle,
  { until, steer }: PageState,
): Promise<string | undefined> {
  if (until === undefined) return void (await handle.result().catch(() => undefined));
  const problem = await stepUntil(workflows, handle, until);
  if (problem !== undefined || steer === undefined) return problem;
  await steer.ask(handle);
  return stepUntil(workflows, handle, steer.until);
}

/** Lets the time of the server pass, ten seconds at a time. */
async function stepUntil(
  { env }: WorkflowEnvironment,
  handle: ExperimentHandle,
  isThere: NonNullable<PageState['until']>,
): Promise<string | undefined> {
  for (let step = 0; step < mostSteps; step += 1) {
    const report = await handle.query(statusQuery);
    if (isThere(report)) return undefined;
    if (report.outcome !== undefined) return `ended before: ${report.outcome}, ${report.reason}`;
    await env.sleep(stepMs);
  }
  return 'it was never reached';
}

async function freezeNow({ env }: WorkflowEnvironment, { workflowId }: ExperimentHandle) {
  const session = { client: env.client, address: 'temporal.temporal:7233', namespace: 'default' };
  const execution = await describeExecution(session, workflowId);
  if (execution === undefined) throw new Error(`there is no ${workflowId}`);
  const temporal = { address: session.address, namespace: 'delivery' };
  const frozen = await freeze(session, execution, { version: '0.2.0', temporal });
  // Waiting for a result skips years.
  const { closedAtMs } = frozen.page;
  const seenAtMs = closedAtMs === undefined ? await env.currentTimeMs() : closedAtMs + 240_000;
  const { name = '', namespace = '' } = frozen.page.report ?? {};
  const text = JSON.stringify({ ...frozen, page: { ...frozen.page, nowMs: seenAtMs } });
  return JSON.parse(text.replaceAll(`"${workflowId}"`, `"experiment/${namespace}/${name}"`)) as unknown;
}

/** The world's clock is that of the server. */
function inSkippedTime(world: FakeWorld): FakeWorld {
  const { patchTraffic } = world.activities;
  const activities = {
    ...world.activities,
    patchTraffic: async (...input: Parameters<typeof patchTraffic>) => {
      await patchTraffic(...input);
      const atMs = activityInfo().currentAttemptScheduledTimestampMs;
      return { acceptedAtMs: atMs, confirmedAtMs: atMs };
    },
  };
  return Object.assign(world, { activities });
}
