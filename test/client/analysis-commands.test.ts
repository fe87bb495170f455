import { readFile, writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runSerin } from './serin-environment.ts';
import { requireHistory } from '../support/recorded-histories.ts';
import { startScriptedStore } from '../support/scripted-store.ts';

const seed = fileURLToPath(new URL('../formats/manifests/seed.yaml', import.meta.url));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serin-analysis-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** The seed's manifest with annotations and a number of iterations. */
async function manifest(annotations: Readonly<Record<string, string>>, iterations = 12): Promise<string> {
  const lines = Object.entries(annotations).map(([name, value]) => `    serin.dev/${name}: "${value}"`);
  const text = (await readFile(seed, 'utf8'))
    .replace('name: canary-progressive', ['name: canary-progressive', '  annotations:', ...lines].join('\n'))
    .replace('iterationsPerLoop: 5', `iterationsPerLoop: ${iterations}`);
  const file = join(directory, `${Object.values(annotations).join('-')}-${iterations}.yaml`);
  await writeFile(file, text);
  return file;
}

async function json(args: readonly string[]): Promise<{ readonly exitCode: number; readonly value: Answer }> {
  const { exitCode, stdout } = await runSerin([...args, '-o', 'json']);
  return { exitCode, value: JSON.parse(stdout) };
}

/** An A/B/N test of three candidates by a metric of the user. */
const several = `
apiVersion: serin.dev/v1alpha1
kind: Experiment
metadata: { name: several }
spec:
  target: shop/checkout
  pattern: A/B/N
  versions:
    baseline: { revision: checkout-v1 }
    candidates:
      - { name: green, revision: checkout-v2 }
      - { name: blue, revision: checkout-v3 }
      - { name: red, revision: checkout-v4 }
  objectives: [{ metric: error-rate, max: 1% }]
  reward: { metric: shop/basket, prefer: high }
`;

/** The parts of the JSON output that the tests read; each command prints some of them. */
interface Answer {
  readonly candidates?: readonly Readonly<Record<string, unknown>>[];
  readonly promoted?: number;
  readonly rolledBack?: number;
  readonly changed?: number;
  readonly experiments?: readonly { readonly rejudged: string }[];
}

describe('serin plan', () => {
  test('prints the steps, the duration, and what each objective needs', async () => {
    const file = await manifest({ analysis: 'sequential' });
    const { exitCode, stdout } = await runSerin(['plan', '-f', file, '--rps', '20']);
    expect(stdout).toContain('default/sample-app: sample-app-v1 to sample-app-v2, sequential, confidence 95 %');
    expect(stdout).toMatch(/^1 min 48 s +100 % +1800$/m);
    expect(stdout).toContain('12 iterations of 12 s: 2 min 24 s to 12 min; a bad candidate ends it sooner');
    expect(stdout).toMatch(/^error-rate <= 0\.010 +277 requests, 1 min +\d+ requests, /m);
    expect(exitCode).toBe(0);
  });

  test('has exit code 1 for a limit that none can keep, and says so as lint does', async () => {
    const input = (await readFile(seed, 'utf8')).replace('upperLimit: 50', 'upperLimit: -1');
    const { exitCode, stdout, stderr } = await runSerin(['plan', '-f', '-', '--rps', '20'], { input });
    expect(stderr).toContain('got -1, which can never be kept: mean-latency is above 0 milliseconds');
    expect(stdout).toMatch(/^mean-latency <= -1\.000 +never +never$/m);
    expect(exitCode).toBe(1);
    const { stdout: text } = await runSerin(['plan', '-f', '-', '--rps', '20', '-o', 'json'], { input });
    expect(text).toContain('got -1, which can never be kept: mean-latency is above 0 milliseconds');
  });

  test('warns, and has exit code 1, when the schedule cannot bring a verdict', async () => {
    const file = await manifest({ analysis: 'sequential', undecided: 'rollback' });
    const { exitCode, stdout } = await runSerin(['plan', '-f', file, '--rps', '0.5']);
    expect(stdout).toMatch(
      /warning: error-rate needs at least 277 requests .*: no verdict can be reached; give it more time/,
    );
    expect(exitCode).toBe(1);
  });

  test('counts requests that come in bursts for less, and a warm-up for nothing', async () => {
    const planned = async (more: Readonly<Record<string, string>>) => {
      const file = await manifest({ analysis: 'sequential', undecided: 'rollback', ...more });
      return runSerin(['plan', '-f', file, '--rps', '6']);
    };
    expect((await planned({ dispersion: '4' })).stdout).toMatch(/^error-rate <= 0\.010 +1108 requests, /m);
    const scarce = /error-rate needs at least 277 requests .*: no verdict can be reached/;
    const file = await manifest({ analysis: 'sequential', undecided: 'rollback', 'warm-up': '10m' });
    const warm = await runSerin(['plan', '-f', file, '--rps', '2']);
    expect(warm.stdout).toMatch(scarce);
    expect(warm.stdout).toMatch(/^10 min 12 s +20 % /m);
  });

  test('plans a fixed split at the weight that it is told', async () => {
    const path = await manifest({ analysis: 'sequential' }, 13);
    const text = (await readFile(path, 'utf8')).replace(
      'testingPattern: Canary',
      'testingPattern: Canary\n    deploymentPattern: FixedSplit',
    );
    const planned = (...flags: readonly string[]) =>
      runSerin(['plan', '-f', '-', '--rps', '10', ...flags], { input: text });
    expect((await planned()).stdout).toMatch(/^0 s +50 % +780$/m);
    expect((await planned('--weight', '20')).stdout).toMatch(/^0 s +20 % +312$/m);
  });

  test('shows the weights of all versions, up to the even split and beyond', async () => {
    const { stdout } = await runSerin(['plan', '-f', '-', '--rps', '40'], { input: several });
    expect(stdout).toMatch(/^FROM +baseline +green +blue +red +REQUESTS OF EACH CANDIDATE SO FAR$/m);
    expect(stdout).toMatch(/^20 s +40 % +20 % +20 % +20 % +240$/m);
    expect(stdout).toMatch(/^40 s +25 % +25 % +25 % +25 % +\d+$/m);
    expect(stdout).toContain('a candidate that leads by its reward climbs on to 96 %, the others keep 2 %');
  });

  test('refuses weights that are more than all the traffic', async () => {
    const { exitCode, stderr } = await runSerin(['plan', '-f', '-', '--weight', '50'], { input: several });
    expect(stderr).toContain('--weight is that of each candidate: at most 33 for 3 of them');
    expect(exitCode).toBe(2);
  });

  test('says that the traffic is not known, and plans all the same', async () => {
    const { stdout } = await runSerin(['plan', '-f', await manifest({ steps: '5,50' })]);
    expect(stdout).toContain('traffic not known; --rps or --prometheus says it');
    expect(stdout).toMatch(/^0 s +5 % +-$/m);
    expect(stdout).toMatch(/^12 s +50 % +-$/m);
  });

  test('says which Prometheus does not answer, and does without it where the traffic is given', async () => {
    const flags = ['plan', '-f', await manifest({}), '--prometheus', 'http://127.0.0.1:9'];
    const without = await runSerin(flags);
    expect(without.stderr).toMatch(/the traffic cannot be read from http:\/\/127\.0\.0\.1:9: .*; check --prometheus/);
    expect(without.exitCode).toBe(1);
    const given = await runSerin([...flags, '--rps', '5']);
    expect(given.stdout).toContain('5 requests a second');
    expect(given.exitCode).toBe(0);
  });

  test('checks how Prometheus is reached as a worker does, without its secrets', async () => {
    const flags = ['plan', '-f', await manifest({}), '--prometheus', 'http://serin:50%@prometheus'];
    const { exitCode, stderr } = await runSerin([...flags, '--prometheus-key-file', '/nowhere']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/SERIN_PROMETHEUS_URL: expected .* written as %25, got "http:\/\/\*\*\*@prometheus"/);
  });

  test('names the variables of its defaults in the help, not their values', async () => {
    vi.stubEnv('SERIN_PROMETHEUS_URL', 'http://serin:secret@prometheus');
    vi.stubEnv('SERIN_PROMETHEUS_HEADERS', 'X-Key: secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { stdout } = await runSerin(['plan', '--help']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('(default: SERIN_PROMETHEUS_HEADERS)');
    expect(stdout).not.toContain('secret');
  });

  test('asks Prometheus with the headers of its flags', async () => {
    const store = await startScriptedStore({});
    onTestFinished(() => store.close());
    const at = ['--prometheus', store.url, '--prometheus-headers', 'X-Scope-OrgID: team-a'];
    await runSerin(['plan', '-f', await manifest({}), ...at]);
    expect(store.requests.length).toBeGreaterThan(0);
    expect(store.requests.every(({ headers }) => headers['x-scope-orgid'] === 'team-a')).toBe(true);
  });
});

describe('serin simulate', () => {
  const at = (file: string, errors: string, ...more: readonly string[]) =>
    json(['simulate', '-f', file, '--rps', '20', '--candidate-error-rate', errors, '--runs', '200', ...more]);

  test('promotes good candidates and rolls bad ones back, nearly always', async () => {
    const file = await manifest({ analysis: 'sequential' });
    expect((await at(file, '0.002')).value.promoted).toBeGreaterThan(98);
    expect((await at(file, '0.05')).value.rolledBack).toBeGreaterThan(98);
    expect((await at(file, '0', '--latency', '200')).value.rolledBack).toBeGreaterThan(95);
  });

  test('gives the same numbers for the same seed', async () => {
    const file = await manifest({ analysis: 'sequential' });
    expect(await at(file, '0.015', '--seed', '7')).toEqual(await at(file, '0.015', '--seed', '7'));
    expect(await at(file, '0.015', '--seed', '8')).not.toEqual(await at(file, '0.015', '--seed', '7'));
  });

  test('draws the three outcomes', async () => {
    const file = await manifest({ analysis: 'threshold' });
    const { stdout } = await runSerin([
      'simulate',
      '-f',
      file,
      '--rps',
      '20',
      '--candidate-error-rate',
      '0.01',
      '--runs',
      '50',
    ]);
    expect(stdout).toMatch(/^promoted +[#-]+ +[\d.]+ %$/m);
    expect(stdout).toMatch(/^time to decision +median 2 min 24 s/m);
  });

  describe('of several candidates', () => {
    const rewards = ['baseline=10', 'green=10', 'blue=14', 'red=20'].flatMap((one) => ['--reward', one]);
    const errors = ['0.001', 'red=0.1'].flatMap((one) => ['--candidate-error-rate', one]);
    const run = (...args: readonly string[]) =>
      runSerin(['simulate', '-f', '-', '--rps', '40', '--runs', '50', ...args], { input: several });

    test('says for each what becomes of it', async () => {
      const { stdout } = await run(...errors, ...rewards, '-o', 'json');
      const { candidates } = JSON.parse(stdout) as Answer;
      expect(candidates).toMatchObject([
        { name: 'green', lost: 100 },
        { name: 'blue', promoted: 100 },
        { name: 'red', rolledBack: 100 },
      ]);
    });

    test('shows them as a table', async () => {
      const { stdout } = await run(...errors, ...rewards);
      expect(stdout).toContain('0.1 % errors of green, 0.1 % errors of blue, 10 % errors of red');
      expect(stdout).toMatch(/^blue +100\.0 % +0\.0 % +0\.0 % +0\.0 % +5 min +5 min +[\d.]+$/m);
    });

    test.each([
      [['--candidate-error-rate', 'green=0.1', ...rewards], 'give --candidate-error-rate for blue, red too'],
      [[...errors, '--latency', 'purple=10', ...rewards], '- has green, blue, red, got a value of purple'],
      [errors, 'give --reward NAME=VALUE, the mean of shop/basket, for baseline, green, blue, red'],
      [['--candidate-error-rate', 'green=x'], 'Expected a share from 0 to below 1.'],
    ])('refuses %j', async (args, message) => {
      const { exitCode, stderr } = await run(...args);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    });
  });

  test('refuses a reward that the manifest has not', async () => {
    const flags = ['--rps', '1', '--candidate-error-rate', '0.1', '--reward', 'candidate=1'];
    const { exitCode, stderr } = await runSerin(['simulate', '-f', seed, ...flags]);
    expect(stderr).toContain('has no reward: leave out --reward');
    expect(exitCode).toBe(2);
  });

  test.each([
    [['--candidate-error-rate', '1.5'], 'Expected a share from 0 to below 1.'],
    [['--candidate-error-rate', '0.1', '--runs', '0'], 'Expected a whole number above 0.'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await runSerin(['simulate', '-f', seed, '--rps', '1', ...args]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});

describe('serin assess', () => {
  const boundaries = [5, 10, 20, 40, 60, 80, 100, 200, 1000, 2000, null];

  async function measurements(...errors: readonly number[]): Promise<string> {
    const counts = (bad: number) => ({
      requests: 600,
      errors5xx: bad,
      latencySumMs: 6000,
      buckets: boundaries.map((le) => ({ le, count: le === 5 ? 0 : 600 })),
    });
    const lines = errors.map((bad, index) =>
      JSON.stringify({
        fromMs: index * 12_000,
        toMs: (index + 1) * 12_000,
        weight: 40,
        baseline: counts(0),
        candidate: counts(bad),
      }),
    );
    const file = join(directory, `${errors.join('-')}.ndjson`);
    await writeFile(file, `${lines.join('\n')}\n`);
    return file;
  }

  test('judges a file of intervals: a good candidate is promoted', async () => {
    const file = await manifest({ analysis: 'sequential' }, 3);
    const { exitCode, stdout } = await runSerin(['assess', '-f', file, '--measurements', await measurements(1, 0, 1)]);
    expect(stdout).toMatch(/iteration 3 {2}40 % {2}promotes: all objectives pass/);
    expect(stdout).toMatch(/^together: pass$/m);
    expect(exitCode).toBe(0);
  });

  test('a bad one ends at the interval that proves it', async () => {
    const file = await manifest({ analysis: 'sequential' }, 5);
    const { exitCode, stdout } = await runSerin(['assess', '-f', file, '--measurements', await measurements(1, 60, 1)]);
    expect(stdout.trimEnd().split('\n')[1]).toMatch(/iteration 2 .* rolls back: failed: error-rate 0\.0508 /);
    expect(exitCode).toBe(1);
  });

  test('lists what cannot be read', async () => {
    const file = join(directory, 'broken.ndjson');
    await writeFile(file, '{"fromMs": 1}\n');
    const { exitCode, stderr } = await runSerin(['assess', '-f', seed, '--measurements', file]);
    expect(stderr).toContain('broken.ndjson:1:1 toMs: expected number');
    expect(exitCode).toBe(2);
  });
});

describe('serin explain', () => {
  test('shows measurement, rule and verdicts of an interval of an exported history', async () => {
    const { exitCode, stdout } = await runSerin(['explain', requireHistory('rolled-back'), '--iteration', '2']);
    expect(stdout).toMatch(/^Interval 2 of \d+, observed at 20.* UTC, candidate at 20 %$/m);
    expect(stdout).toMatch(/candidate {2}1000 requests, 500 errors \(5xx\)/);
    expect(stdout).toContain('Rule: threshold');
    expect(stdout).toMatch(/^error-rate <= 0\.010: fail, error-rate 0\.\d+ > limit 0\.010, 2000 requests$/m);
    expect(exitCode).toBe(0);
  });

  test('says why nothing was judged', async () => {
    const { stdout } = await runSerin(['explain', requireHistory('blind'), '--iteration', '2']);
    expect(stdout).toContain('not measured (blind): no answer');
  });

  test('says which intervals there are', async () => {
    const { exitCode, stderr } = await runSerin(['explain', requireHistory('promoted'), '--iteration', '99']);
    expect(stderr).toMatch(/has no observed interval 99; it has 1 to 3/);
    expect(exitCode).toBe(1);
  });
});

describe('serin backtest', () => {
  test('says which recorded decisions other criteria would have changed, and at which iteration', async () => {
    const stricter = await manifest({ analysis: 'sequential', tolerance: '0', undecided: 'rollback' }, 3);
    const files = ['promoted', 'rolled-back', 'aborted'].map(requireHistory);
    const { exitCode, stdout } = await runSerin(['backtest', ...files, '-f', stricter]);
    expect(stdout).toMatch(/promoted\.json +iteration 3 promotes: all objectives pass.* +the same$/m);
    expect(stdout).toMatch(/rolled-back\.json +iteration 2 rolls back: failed: error-rate .* +the same$/m);
    expect(stdout).toMatch(/aborted\.json +no decision by the end of the record, iteration \d+ +the same$/m);
    expect(stdout).toContain('0 of 3 decisions would have changed');
    expect(exitCode).toBe(0);
  });

  test('finds the changed ones', async () => {
    const longer = await manifest({ analysis: 'sequential' }, 30);
    const { value } = await json(['backtest', requireHistory('promoted'), '-f', longer]);
    expect(value.changed).toBe(1);
    expect(value.experiments?.[0]?.rejudged).toBe('no decision by the end of the record, iteration 3');
  });

  test('counts no iteration for an interval that the guard has cut short', async () => {
    const same = await manifest({ analysis: 'sequential', guard: '1s' }, 3);
    const { stdout } = await runSerin(['backtest', requireHistory('guarded'), '-f', same]);
    expect(stdout).toMatch(/guarded\.json +iteration 1 rolls back: failed: error-rate .* +the same$/m);
  });

  test('reads runs that were continued as new', async () => {
    const { stdout } = await runSerin(['backtest', requireHistory('continued-as-new'), '-f', seed]);
    expect(stdout).toMatch(/continued-as-new\.json +/);
  });

  test.each([
    [[], 'backtest takes experiments, files of exported histories, or --last N'],
    [[seed], 'is not a workflow history'],
  ])('refuses %j', async (ids, message) => {
    const { exitCode, stderr } = await runSerin(['backtest', ...ids, '-f', seed]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});
