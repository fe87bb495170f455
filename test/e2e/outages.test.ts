import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../core/report/report.ts';
import type { Sandbox, SampleTarget } from '../../sandbox/index.ts';
import { testCluster } from '../support/cluster.ts';
import { climb } from '../support/manifest.ts';
import { deployTarget, servedTraffic, startExperiment } from '../support/scenario.ts';
import type { Scenario, ScenarioEnd, ScenarioOptions } from '../support/scenario.ts';
import { until } from '../support/until.ts';

const namespace = 'outages';
const limitMs = 400_000;

/** Latencies would say more about the machine that runs the tests than about the candidate. */
const objectives = [{ metric: 'error-rate', upperLimit: '0.01' }];
const iterations = 6;

/** What an experiment showed while the outage lasted, and how it ended. */
interface Course {
  readonly target: SampleTarget;
  readonly during: Report;
  readonly end: ScenarioEnd;
}

interface OutagePlan {
  readonly part: Sandbox['outages']['apiServer' | 'prometheus' | 'temporal'];
  readonly downMs: number;
  /** How an experiment shows that the part is away. */
  readonly isShown: (report: Report) => boolean;
}

/** Starts an experiment a name, all under load, and takes a part of the sandbox away from them in mid-run. */
async function goThrough(
  { part, downMs, isShown }: OutagePlan,
  experiments: Readonly<Record<string, ScenarioOptions>>,
): Promise<readonly Course[]> {
  const targets = await Promise.all(Object.keys(experiments).map((name) => deployTarget({ name, namespace })));
  return underLoadOn(targets, async () => {
    const running = await Promise.all(targets.map((target) => untilMidRun(target, experiments[target.name] ?? {})));
    await part.stop();
    const downSince = performance.now();
    const during = await Promise.all(running.map(({ untilReport }) => untilReport('the outage to show', isShown)));
    await until('the outage to last', async () => performance.now() - downSince >= downMs, { limitMs: 2 * downMs });
    await part.start();
    const ends = await Promise.all(running.map(({ end }) => end()));
    return targets.map((target, index) => completeCourse({ target, during: during[index], end: ends[index] }));
  });
}

const isBlind = ({ blind }: Report): boolean => blind !== undefined;

async function underLoadOn<T>(targets: readonly SampleTarget[], during: () => Promise<T>): Promise<T> {
  const { sandbox } = await testCluster();
  const stop = new AbortController();
  const load = { requestsPerSecond: 30, durationMs: 600_000, signal: stop.signal };
  const loads = targets.map(({ host }) => sandbox.sendLoad({ host, ...load }));
  try {
    return await during();
  } finally {
    stop.abort();
    await Promise.all(loads);
  }
}

async function untilMidRun(target: SampleTarget, options: ScenarioOptions): Promise<Scenario> {
  const scenario = await startExperiment(target, {
    iterations,
    intervalSeconds: 2,
    objectives,
    weights: climb,
    ...options,
  });
  await scenario.untilReport('the first iteration', ({ completedIterations }) => completedIterations > 0);
  return scenario;
}

function completeCourse({ target, during, end }: { [K in keyof Course]?: Course[K] | undefined }): Course {
  if (target === undefined || during === undefined || end === undefined) throw new Error('an experiment is missing');
  return { target, during, end };
}

/** Records of the intervals in which the experiment saw nothing, and of those that counted. */
function splitIntervals({ history }: Report) {
  const sawNothing = ({ reason }: Report['history'][number]): boolean => reason.startsWith('blind');
  return { blind: history.filter(sawNothing), counted: history.filter((record) => !sawNothing(record)) };
}

describe('an experiment whose Prometheus is down for a minute in mid-run', () => {
  let courses: readonly Course[];
  const courseOn = (name: string): Course => completeCourse({ ...courses.find(({ target }) => target.name === name) });
  beforeAll(async () => {
    const { sandbox } = await testCluster();
    const outage = { part: sandbox.outages.prometheus, downMs: 60_000, isShown: isBlind };
    courses = await goThrough(outage, {
      patient: {},
      impatient: { iterations: 60, annotations: { 'blind-limit': '20s' } },
      holding: { annotations: { 'blind-limit': '5s', 'on-blind': 'hold' } },
    });
  }, limitMs);

  test('shows that it is blind, and why', () => {
    const { during } = courseOn('patient');
    expect(during).toMatchObject({ stage: 'Running' });
    expect(during.blind?.reason).toMatch(
      /^Prometheus at http:\/\/127\.0\.0\.1:\d+\/api\/v1\/query: connect ECONNREFUSED/,
    );
  });

  test('holds the weight meanwhile, goes on without losing an iteration, and promotes', () => {
    const { end } = courseOn('patient');
    expect(end).toMatchObject({
      status: 'completed',
      report: { outcome: 'Promoted', completedIterations: iterations },
    });
    const { blind, counted } = splitIntervals(end.report);
    expect(blind.length).toBeGreaterThan(5);
    expect(blind.filter(({ weightsBefore, weightsAfter }) => weightsBefore[0] !== weightsAfter[0])).toEqual([]);
    expect(counted.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('is rolled back beyond its blind limit', async () => {
    const { target, end } = courseOn('impatient');
    expect(end).toMatchObject({ status: 'completed', report: { outcome: 'RolledBack' } });
    expect(end.report.reason).toMatch(/^blind for longer than 20 s: Prometheus at .*: connect ECONNREFUSED/);
    expect(await servedTraffic(target)).toEqual({ [target.baselineRevision]: 100 });
  });

  test('holds beyond its blind limit, and goes on, where its manifest asks for that', () => {
    const { end } = courseOn('holding');
    expect(end).toMatchObject({
      status: 'completed',
      report: { outcome: 'Promoted', completedIterations: iterations },
    });
    const { blind } = splitIntervals(end.report);
    const [first, last] = [blind.at(0)?.atMs ?? 0, blind.at(-1)?.atMs ?? 0];
    expect(last - first).toBeGreaterThan(10_000);
  });
});

test(
  'an experiment whose API server is down in mid-run goes on and promotes, whatever it was about to do',
  async () => {
    const { sandbox } = await testCluster();
    // Blind, or waiting for a write to be accepted.
    const isShown = (report: Report): boolean => isBlind(report) || !report.weights.confirmed;
    const courses = await goThrough(
      { part: sandbox.outages.apiServer, downMs: 3_000, isShown },
      { observing: { weights: { maxCandidateWeight: 10 } }, shifting: {} },
    );
    for (const { target, end } of courses) {
      expect(end).toMatchObject({ status: 'completed', report: { outcome: 'Promoted' } });
      // None is lost; one that ends undecided on a slow machine has another after it.
      const { completedIterations, history } = end.report;
      expect(completedIterations).toBeGreaterThanOrEqual(iterations);
      const numbers = [...new Set(history.map(({ iteration }) => iteration))].filter((number) => number > 0);
      expect(numbers).toEqual(Array.from({ length: completedIterations }, (_, index) => index + 1));
      expect(await servedTraffic(target)).toEqual({ [target.candidateRevision]: 100 });
    }
    const [observing] = courses;
    expect(observing?.during.blind?.reason).toMatch(/^cannot get .*: connect ECONNREFUSED/);
  },
  limitMs,
);
