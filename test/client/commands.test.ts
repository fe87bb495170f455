import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Report } from '../../core/report/report.ts';
import type { Experiment } from '../../core/experiment/experiment.ts';
import { anExperiment } from '../support/builders.ts';
import { fakeWorld, worldFailure, measured } from '../support/fake-world.ts';
import type { FakeWorld, WorldBehaviour } from '../support/fake-world.ts';
import { startSerinEnvironment } from './serin-environment.ts';
import type { CommandRun, SerinEnvironment, SerinOptions } from './serin-environment.ts';

const searchAttributes = ['SerinTarget', 'SerinStage', 'SerinOutcome', 'SerinCandidateWeight'];

let environment: SerinEnvironment;
beforeAll(async () => {
  const types = ['SerinTarget=Keyword', 'SerinStage=Keyword', 'SerinOutcome=Keyword', 'SerinCandidateWeight=Int'];
  environment = await startSerinEnvironment(types.flatMap((type) => ['--search-attribute', type]));
});
afterAll(() => environment.teardown());

function serin(line: string, options?: SerinOptions): Promise<CommandRun> {
  return environment.serin(line.split(' '), options);
}

/** An experiment that a test has to end; it observes every second. */
const endless = { intervalMs: 1000, iterations: 1000 };
const short = { intervalMs: 1000, iterations: 2 };
/** Each iteration lasts for several polls of a viewer, so that none is missed. */
const unhurried = { intervalMs: 10_000, iterations: 2 };

/** Temporal's visibility follows its workflows with a delay. */
const visibility = { timeout: 60_000, interval: 200 };

let count = 0;

/** Starts an experiment of its own name on a task queue of its own name, and keeps a worker for as long as `use` takes. */
async function withExperiment<T>(
  changes: Partial<Experiment>,
  use: (name: string) => Promise<T>,
  behaviour: Partial<WorldBehaviour> = {},
): Promise<T> {
  count += 1;
  const name = `canary-${count}`;
  const world = fakeWorld({ searchAttributes, ...behaviour, experiment: anExperiment({ ...changes, name }) });
  await environment.startExperiment(`experiment/default/${name}`, name);
  return withWorker(name, world, () => use(name));
}

function withWorker<T>(name: string, world: FakeWorld, use: () => Promise<T>): Promise<T> {
  return environment.withWorker(name, world, use);
}

async function untilReport(name: string, holds: (report: Report) => boolean): Promise<Report> {
  return vi.waitUntil(
    async () => {
      const { stdout } = await serin(`get ${name} -o json`);
      const { status }: { status?: Report } = JSON.parse(stdout);
      return status !== undefined && holds(status) ? status : undefined;
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** Runs a viewer as soon as the experiment answers: before that it could only wait for the worker. */
async function view(name: string, line: string): Promise<CommandRun> {
  await untilReport(name, () => true);
  return serin(line);
}

const isRunning = ({ stage, startedAtMs }: Report): boolean => stage === 'Running' && startedAtMs !== undefined;

/** An experiment without a worker, so that nothing answers for it. */
async function startUnattended(): Promise<string> {
  count += 1;
  const name = `canary-${count}`;
  await environment.startExperiment(`experiment/default/${name}`, name);
  return name;
}

describe.concurrent('serin watch', () => {
  test('prints a line for each change, and 0 is the exit code of a promotion', async () => {
    const { exitCode, stdout } = await withExperiment(unhurried, (name) => view(name, `watch ${name}`));
    const lines = stdout.trimEnd().split('\n');
    expect(lines.every((line) => /^\d\d:\d\d:\d\d {2}/.test(line))).toBe(true);
    expect(
      lines.some((line) => line.includes('Running  1/2  candidate 20 %  IterationUpdate: Completed Iteration 1')),
    ).toBe(true);
    expect(lines.at(-1)).toMatch(/ Promoted {2}2\/2 {2}candidate 100 % {2}all objectives pass: mean-latency 10\.0 ms/);
    expect(exitCode).toBe(0);
  });

  test('redraws in place on a screen, and leaves the end on it', async () => {
    const { exitCode, stdout } = await withExperiment(short, (name) => serin(`watch ${name}`, { isScreen: true }));
    const [first = '', ...redraws] = stdout.split('\u001B[?25l').slice(1);
    const startsAbove = (redraw: string): boolean => /^\r.\[\d+A/.test(redraw);
    expect(startsAbove(first)).toBe(false);
    expect(redraws.length).toBeGreaterThan(0);
    expect(redraws.every(startsAbove)).toBe(true);
    expect(redraws.at(-1)).toContain('Promoted');
    expect(stdout.endsWith('\u001B[?25h')).toBe(true);
    expect(exitCode).toBe(0);
  });

  test('has exit code 1 when the experiment was rolled back', async () => {
    const measure: WorldBehaviour['measure'] = (_n, window) => measured(window, { errors: 100 });
    const run = await withExperiment(endless, (name) => serin(`watch ${name}`), { measure });
    expect(run.stdout).toContain(
      'RolledBack  1/1000  candidate 0 %  failed: error-rate 0.100 > limit 0.010, 1000 requests',
    );
    expect(run.exitCode).toBe(1);
  });

  test('stops when it is interrupted, and the experiment goes on', async () => {
    await withExperiment(endless, async (name) => {
      const interruption = new AbortController();
      const onWrite = (stdout: string): void => {
        if (stdout.includes('Running')) interruption.abort();
      };
      const run = await serin(`watch ${name}`, { interrupted: interruption.signal, onWrite });
      expect(run.exitCode).toBe(130);
      expect(run.stdout).toContain(`The experiment goes on; \`serin watch ${name}\` looks again.`);
      await untilReport(name, isRunning);
    });
  });

  test('stops after the time that it was given, and the experiment goes on', async () => {
    await withExperiment(endless, async (name) => {
      const run = await serin(`watch ${name} --timeout 2`);
      expect(run.exitCode).toBe(1);
      expect(run.stdout).toContain(`The experiment goes on; \`serin watch ${name}\` looks again.`);
    });
  });

  test('prints one JSON object a change', async () => {
    const { stdout } = await withExperiment(short, (name) => serin(`watch ${name} --output json`));
    const outcomes = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line).report?.outcome);
    expect(outcomes.at(-1)).toBe('Promoted');
  });
});

describe.concurrent('serin describe', () => {
  test('shows the whole report of an ended experiment without any worker', async () => {
    const name = await withExperiment(short, async (started) => {
      await serin(`watch ${started}`);
      return started;
    });
    const { exitCode, stdout, stderr } = await serin(`describe default/${name}`);
    expect(stdout).toMatch(
      new RegExp(`^\\*{6} Overview \\*{6}\nExperiment name: ${name}\nExperiment namespace: default\n`),
    );
    expect(stdout).toContain('Winning version: candidate\n');
    expect(stdout).toContain('Outcome: Promoted\nReason: all objectives pass');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  test('shows what iter8ctl never showed with --wide only', async () => {
    const name = await withExperiment(short, async (started) => {
      await serin(`watch ${started}`);
      return started;
    });
    expect((await serin(`describe ${name}`)).stdout).not.toContain('Recent Iterations');
    expect((await serin(`describe ${name} --wide`)).stdout).toContain('****** Recent Iterations ******');
  });

  test('finds the report of a failed experiment in its failure', async () => {
    const onPreflight = (): void => {
      throw worldFailure('PreflightRefused', 'revision sample-app-v1 has 0 % of the traffic');
    };
    const name = await withExperiment(
      endless,
      async (started) => {
        expect((await serin(`watch ${started}`)).exitCode).toBe(1);
        return started;
      },
      { onPreflight },
    );
    const { stdout } = await serin(`describe ${name}`);
    expect(stdout).toContain(
      'Outcome: Failed\nReason: revision sample-app-v1 has 0 % of the traffic; traffic untouched\n',
    );
  });

  test('says what Temporal knows while no worker runs', async () => {
    const name = await startUnattended();
    const { exitCode, stdout, stderr } = await serin(`describe ${name}`);
    expect(stdout).toContain(`Workflow: experiment/default/${name}\n`);
    expect(stdout).toContain(`Task queue: ${name}\nWorkflow status: RUNNING\n`);
    expect(stderr).toBe(`note: no worker answers on task queue ${name}\n`);
    expect(exitCode).toBe(0);
  });

  test('says that nobody brought the traffic back after a terminate', async () => {
    await withExperiment(endless, async (name) => {
      await untilReport(name, isRunning);
      await environment.env.client.workflow.getHandle(`experiment/default/${name}`).terminate();
      const { stdout, stderr } = await serin(`describe ${name}`);
      expect(stdout).toContain('Experiment stage: Running\n');
      expect(stderr).toBe(
        'note: the workflow was terminated: nobody brought the traffic back; `serin restore default/sample-app` does\n',
      );
      expect((await serin(`watch ${name}`)).exitCode).toBe(1);
    });
  });

  test('reads what get printed, without a connection', async () => {
    await withExperiment(endless, async (name) => {
      await untilReport(name, ({ completedIterations }) => completedIterations > 0);
      const { stdout: yaml } = await serin(`get ${name} -o yaml`);
      expect(yaml).toMatch(
        new RegExp(`^apiVersion: serin.dev/v1alpha1\nkind: Experiment\nmetadata:\n {2}name: ${name}\n`),
      );
      const described = await serin('describe -f - --address 127.0.0.1:1', { input: yaml });
      expect(described.stdout).toContain(`Experiment name: ${name}\n`);
      expect(described.stdout).toContain('****** Metrics Assessment ******');
    });
  });
});

describe.concurrent('an experiment that the operator has started', () => {
  /** Starts the run of an object as the operator does, without a worker. */
  async function startOperated(name: string, uid: string): Promise<string> {
    const workflowId = `experiment/iter8.tools/shop/${name}/${uid}`;
    await environment.startExperiment(workflowId, name);
    return workflowId;
  }

  test('is found by the name of its object, in every command', async () => {
    const workflowId = await startOperated('operated', 'u-1');
    await vi.waitFor(async () => {
      const { stdout, stderr } = await serin('describe shop/operated');
      expect(stdout).toContain(`Workflow: ${workflowId}\n`);
      expect(stderr).toBe('note: no worker answers on task queue operated\n');
    }, visibility);
    expect((await serin('get shop/operated -o wide')).stdout).toContain(workflowId);
    expect((await serin('abort shop/operated --no-wait')).stdout).toBe(`${workflowId}: abort recorded\n`);
    expect((await serin('watch shop/operated --timeout 1s')).stdout).toContain(workflowId);
  });

  test('is the newest of its name, which is said', async () => {
    await startOperated('again', 'u-1');
    await environment.startExperiment('experiment/shop/again');
    const newest = await startOperated('again', 'u-2');
    await vi.waitFor(async () => {
      const { stdout, stderr } = await serin('get shop/again -o wide');
      expect(stderr).toBe(`note: 3 experiments are called shop/again; this is the newest, ${newest}\n`);
      expect(stdout).toContain(newest);
    }, visibility);
  });
});

describe.concurrent('serin assert', () => {
  test('waits for the end of an experiment, and all conditions hold', async () => {
    const run = await withExperiment(short, (name) => serin(`assert ${name} -c completed,candidateWon --timeout 1m`));
    expect(run.stdout).toContain('All conditions satisfied.\n');
    expect(run.exitCode).toBe(0);
  });

  test('says that the baseline has won, when a bad candidate was rolled back', async () => {
    const measure: WorldBehaviour['measure'] = (_n, window) => measured(window, { errors: 100 });
    const conditions = 'rolledBack,baselineWon,successful';
    const run = await withExperiment(endless, (name) => serin(`assert ${name} -c ${conditions} -o json`), { measure });
    expect(JSON.parse(run.stdout)).toMatchObject({
      outcome: 'RolledBack',
      conditions: [{ holds: 'yes' }, { holds: 'yes' }, { condition: 'successful', holds: 'no' }],
    });
    expect(run.exitCode).toBe(1);
  });

  test('does not know within a time that is too short, and the experiment goes on', async () => {
    await withExperiment(endless, async (name) => {
      const run = await serin(`assert ${name} -c completed --timeout 1s`);
      expect(run.stdout).toMatch(/^completed {3}unknown {3}\S/);
      expect(run.exitCode).toBe(3);
    });
  });

  test('takes a terminated experiment for failed', async () => {
    const name = await startUnattended();
    await environment.env.client.workflow.getHandle(`experiment/default/${name}`).terminate();
    const run = await serin(`assert ${name} -c failed,completed`);
    expect(run.stdout).toContain('All conditions satisfied.\n');
  });

  test('has exit code 4 when there is no such experiment', async () => {
    const { exitCode, stderr } = await serin('assert nope -c completed --timeout 0');
    expect(stderr).toContain('serin: no experiment nope');
    expect(exitCode).toBe(4);
  });
});

describe.concurrent('serin get', () => {
  test('lists experiments with the columns of kubectl', async () => {
    await withExperiment(endless, async (name) => {
      await untilReport(name, isRunning);
      await vi.waitFor(async () => {
        const [header, ...lines] = (await serin('get')).stdout.trimEnd().split('\n');
        expect(header).toMatch(/^NAME +TYPE +TARGET +STAGE +COMPLETED ITERATIONS +MESSAGE$/);
        const line = lines.find((other) => other.startsWith(`${name} `));
        expect(line).toMatch(/^\S+ +Canary +default\/sample-app +Running +\d+ +\S+: /);
      }, visibility);
      expect((await serin('get --limit 1')).stdout.trimEnd().split('\n')).toHaveLength(2);
    });
  });

  test('filters by target', async () => {
    const target = { namespace: 'shop', name: 'checkout' };
    await withExperiment({ ...endless, target }, async (name) => {
      await untilReport(name, isRunning);
      const list = await vi.waitUntil(async () => {
        const { stdout } = await serin('get --target shop/checkout -o json');
        const { items }: { items: { metadata: { name: string } }[] } = JSON.parse(stdout);
        return items.length > 0 ? items : undefined;
      }, visibility);
      expect(list.map(({ metadata }) => metadata.name)).toEqual([name]);
      expect((await serin('get --target shop/other')).stderr).toContain('no experiments');
    });
  });

  test('watches: the header once, a line for each change, until all that were named have ended', async () => {
    const { exitCode, stdout } = await withExperiment(unhurried, (name) => view(name, `get ${name} --watch`));
    const lines = stdout.trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('NAME'))).toHaveLength(1);
    expect(lines.some((line) => line.endsWith('1                      IterationUpdate: Completed Iteration 1'))).toBe(
      true,
    );
    expect(lines.at(-1)).toMatch(/Completed +2 +ExperimentCompleted: Experiment completed successfully$/);
    expect(exitCode).toBe(0);
  });

  test('leaves nothing unsaid when a report is missing', async () => {
    const name = await startUnattended();
    const run = await serin(`get ${name} -o yaml`);
    expect(run).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `serin: there is no report of ${name}: no worker answers on task queue ${name}; \`serin describe\` shows the rest\n`,
    });
  });
});

describe.concurrent('steering', () => {
  test('pauses and resumes, and shows who did it', async () => {
    await withExperiment(endless, async (name) => {
      await untilReport(name, isRunning);
      const paused = await environment.serin(['pause', name, '--by', 'bob', '--reason', 'lunch break']);
      expect(paused).toMatchObject({
        exitCode: 0,
        stdout: `experiment/default/${name}: pause accepted, stage Running\n`,
      });
      expect((await untilReport(name, () => true)).paused).toMatchObject({ by: 'bob', reason: 'lunch break' });
      expect(await serin(`pause ${name}`)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: 'serin: cannot pause: the experiment is already paused\n',
      });
      expect((await serin(`resume ${name}`)).exitCode).toBe(0);
      expect((await untilReport(name, () => true)).paused).toBeUndefined();
    });
  });

  test('tells a refusal to programs as JSON', async () => {
    await withExperiment(endless, async (name) => {
      await untilReport(name, isRunning);
      const { exitCode, stdout, stderr } = await serin(`approve ${name} -o json`);
      expect(JSON.parse(stdout)).toEqual({
        error: {
          kind: 'refused',
          message: 'cannot approve: no approval gate is open, so there is nothing to approve yet',
        },
      });
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    });
  });

  test.each([
    ['approve', 'Promoted'],
    ['reject', 'RolledBack'],
  ])('%s at the gate ends the experiment as %s', async (command, outcome) => {
    await withExperiment({ ...short, approval: 'required' }, async (name) => {
      await untilReport(name, ({ awaitingApproval }) => awaitingApproval !== undefined);
      expect((await serin(`${command} ${name}`)).exitCode).toBe(0);
      expect((await untilReport(name, (report) => report.outcome !== undefined)).outcome).toBe(outcome);
    });
  });

  test('names the task queue when no worker answers', async () => {
    const name = await startUnattended();
    const { exitCode, stderr } = await serin(`pause ${name} --timeout 1`);
    expect(stderr).toContain(`no worker on task queue ${name} answered within 1 s`);
    expect(exitCode).toBe(1);
  });

  test('refuses to steer what has ended', async () => {
    await withExperiment(short, async (name) => {
      await serin(`watch ${name}`);
      await environment.env.client.workflow.getHandle(`experiment/default/${name}`).result();
      for (const command of ['pause', 'abort']) {
        const { exitCode, stderr } = await serin(`${command} ${name}`);
        expect(stderr).toBe(
          `serin: cannot ${command} experiment/default/${name}: the experiment has ended (completed)\n`,
        );
        expect(exitCode).toBe(1);
      }
    });
  });
});

describe.concurrent('serin abort', () => {
  test('watches until the traffic is safe', async () => {
    await withExperiment(endless, async (name) => {
      await untilReport(name, isRunning);
      const run = await environment.serin(['abort', name, '--by', 'alice', '--reason', 'checkout is broken']);
      expect(run.stdout).toMatch(
        new RegExp(
          `^experiment/default/${name}: abort recorded\n100 % of the traffic is set to sample-app-v1 after [\\d.]+ m?s\nAborted: aborted by alice: checkout is broken\n$`,
        ),
      );
      expect(run.exitCode).toBe(0);
    });
  });

  test('is recorded while no worker runs, and carried out by the next one', async () => {
    const name = await startUnattended();
    const { exitCode, stdout, stderr } = await serin(`abort ${name} --timeout 1`);
    expect(stdout).toBe(`experiment/default/${name}: abort recorded\n`);
    expect(stderr).toContain(`waiting: no worker answers on task queue ${name}\n`);
    expect(stderr).toContain('is recorded but not carried out yet');
    expect(exitCode).toBe(1);
    const report = await withWorker(name, fakeWorld(), () => untilReport(name, ({ outcome }) => outcome !== undefined));
    expect(report.outcome).toBe('Aborted');
  });

  test('returns at once when it is told not to wait', async () => {
    const name = await startUnattended();
    const run = await serin(`abort ${name} --no-wait -o json`);
    expect(JSON.parse(run.stdout)).toEqual({ workflowId: `experiment/default/${name}`, aborted: 'recorded' });
    expect(run.exitCode).toBe(0);
  });
});

describe('an experiment', () => {
  test('is found by the Knative Service that it runs on', async () => {
    const target = { namespace: 'shop', name: 'basket' };
    await withExperiment({ ...endless, target }, async (name) => {
      await untilReport(name, isRunning);
      const find = () => serin('pause shop/basket');
      const { stdout } = await vi.waitUntil(async () => {
        const run = await find();
        return run.exitCode === 0 ? run : undefined;
      }, visibility);
      expect(stdout).toBe(`experiment/default/${name}: pause accepted, stage Running\n`);
    });
  });

  test('is listed by its outcome', async () => {
    await withExperiment(short, async (name) => {
      await serin(`watch ${name}`);
      const listed = await vi.waitUntil(async () => {
        const { stdout } = await serin('get --outcome Promoted -o json');
        const { items } = JSON.parse(stdout) as { items: { metadata: { name: string } }[] };
        return items.some((item) => item.metadata.name === name) && items;
      }, visibility);
      expect(listed.length).toBeGreaterThan(0);
      const { stdout } = await serin('get --outcome Failed -o json');
      expect(stdout).not.toContain(`"${name}"`);
    });
  });
});

describe('what is not there', () => {
  test('an experiment: all ids that were tried are named', async () => {
    const { exitCode, stderr } = await serin('describe nope');
    expect(stderr).toBe(
      `serin: no experiment nope or experiment/default/nope in namespace default at ${environment.address}; \`serin get\` lists all\n`,
    );
    expect(exitCode).toBe(1);
  });

  test.each(['describe', 'abort', 'pause', 'watch'])(
    'an experiment of a Kubernetes namespace that %s takes for one of Temporal, as -n says',
    async (command) => {
      const { stderr } = await serin(`${command} nope -n default`);
      expect(stderr).toContain(
        `-n is Temporal's namespace; for the experiment nope of the Kubernetes namespace default: \`serin ${command} default/nope\``,
      );
    },
  );

  test('a namespace', async () => {
    const { exitCode, stderr } = await serin('get --namespace nowhere');
    expect(stderr).toContain('has no namespace nowhere: set --namespace or TEMPORAL_NAMESPACE');
    expect(exitCode).toBe(1);
  });
});
