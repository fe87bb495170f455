import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { webUiAddress } from '../../client/temporal/addresses.ts';
import { possibleName } from '../../client/temporal/find-experiment.ts';
import { aReport } from '../support/reports.ts';
import { aManifest } from './manifests.ts';
import { runSerin } from './serin-environment.ts';

const nowhere = ['--address', '127.0.0.1:1'];

describe('the command line', () => {
  test('lists its commands', async () => {
    const { exitCode, stdout, stderr } = await runSerin(['--help']);
    for (const command of [
      'start',
      'describe',
      'assert',
      'get',
      'watch',
      'abort',
      'approve',
      'reject',
      'pause',
      'resume',
      'restore',
      'dev',
      'doctor',
      'lint',
      'plan',
      'simulate',
      'assess',
      'explain',
      'backtest',
      'operator',
      'worker',
      'completion',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  test('says its version', async () => {
    expect(await runSerin(['--version'])).toMatchObject({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test.each([
    [['fly'], "unknown command 'fly'"],
    [['get', '--limit', 'many'], "argument 'many' is invalid. Expected a whole number above 0."],
    [['get', '-o', 'xml'], 'Allowed choices are text, wide, json, yaml.'],
    [['plan', '-f', 'x', '--prometheus', 'here'], "argument 'here' is invalid. Expected a URL such as"],
    [['start'], "required option '-f, --file <file>' not specified"],
    [['describe', ...nowhere], 'describe takes either ID or -f FILE'],
    [['describe', 'a', '-f', 'b'], 'describe takes either ID or -f FILE'],
    [['assert', '-c', 'completed', ...nowhere], 'assert takes either ID or -f FILE'],
    [['assert', 'a', ...nowhere], "required option '-c, --conditions <names>' not specified"],
    [['assert', 'a', '-c', 'completed,won', ...nowhere], 'Expected some of completed, successful, candidateWon'],
    [['assert', 'a', '-c', 'completed', '--timeout', 'soon', ...nowhere], 'Expected a duration such as 10m or 90s'],
    [['watch', 'a', '--timeout', '0s', ...nowhere], 'Expected more than 0 seconds'],
    [['describe', '-f', '/does/not/exist'], '/does/not/exist cannot be read: ENOENT'],
    [['dev', '--port', '65000'], "argument '65000' is invalid. Expected a port from 1 to 64535."],
    [['dev', '--kubeconfig', '/nowhere/kubeconfig'], 'the kubeconfig /nowhere/kubeconfig cannot be used: ENOENT'],
    [['restore', 'sample-app'], 'expected a target as namespace/name, got sample-app'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, stdout, stderr } = await runSerin(args);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test.each([[['-o', 'json']], [['--output', 'json']], [['--output=json']], [['-ojson']]])(
    'tells usage errors as JSON with %j',
    async (flags) => {
      const { exitCode, stdout, stderr } = await runSerin(['get', '--fly', ...flags]);
      expect(JSON.parse(stdout)).toEqual({ error: { kind: 'usage', message: "unknown option '--fly'" } });
      expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    },
  );

  test('says in one sentence that Temporal is not there', async () => {
    const { exitCode, stdout, stderr } = await runSerin(['get', ...nowhere]);
    expect(stderr).toBe(
      'serin: Temporal does not answer at 127.0.0.1:1: start one (`serin dev`, `temporal server start-dev`), or set --address, TEMPORAL_ADDRESS or temporal.toml\n',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  test('tells programs that Temporal is not there', async () => {
    const { exitCode, stdout } = await runSerin(['watch', 'x', '-o', 'json', ...nowhere]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { kind: 'unreachable' } });
    expect(exitCode).toBe(1);
  });
});

describe('serin assert -f', () => {
  const ended = aReport({ stage: 'Completed', outcome: 'Promoted', reason: 'all objectives pass' });
  const asserting = (status: object, conditions: string, ...flags: readonly string[]) =>
    runSerin(['assert', '-f', '-', '-c', conditions, ...flags], {
      input: JSON.stringify({ kind: 'Experiment', metadata: { name: 'canary', namespace: 'shop' }, status }),
    });

  test('says that all conditions hold, as iter8ctl did', async () => {
    const { exitCode, stdout } = await asserting({ serin: { report: ended } }, 'completed,candidateWon');
    expect(stdout).toBe(
      'completed      yes   Promoted, candidate has won\ncandidateWon   yes   Promoted, candidate has won\nAll conditions satisfied.\n',
    );
    expect(exitCode).toBe(0);
  });

  test('says which condition does not hold, and why, with exit code 1', async () => {
    const { exitCode, stdout } = await asserting(ended, 'completed,rolledBack');
    expect(stdout).toContain(
      'rolledBack   no    Promoted, candidate has won\nNot all conditions hold: all objectives pass\n',
    );
    expect(exitCode).toBe(1);
  });

  test('knows nothing of an experiment that runs, with exit code 3', async () => {
    const { exitCode, stdout } = await asserting(aReport(), 'completed');
    expect(stdout).toBe(
      'completed   unknown   Running, 4 of 5 iterations\nNot known yet: IterationUpdate: Completed Iteration 4\n',
    );
    expect(exitCode).toBe(3);
  });

  test('reads an object whose run never began', async () => {
    const status = { stage: 'Completed', serin: { outcome: 'Failed', reason: 'spec.target: expected text' } };
    const { exitCode, stdout } = await asserting(status, 'completed', '-c', 'failed', '-o', 'json');
    const why = 'Failed, no version has won';
    expect(JSON.parse(stdout)).toEqual({
      name: 'canary',
      namespace: 'shop',
      outcome: 'Failed',
      reason: 'spec.target: expected text',
      conditions: [
        { condition: 'completed', holds: 'yes', why },
        { condition: 'failed', holds: 'yes', why },
      ],
    });
    expect(exitCode).toBe(0);
  });

  test('takes a run that was stopped from outside for failed, whatever its report says', async () => {
    const serin = { outcome: 'Failed', reason: 'the workflow was terminated', report: aReport() };
    const { exitCode, stdout } = await asserting({ stage: 'Completed', serin }, 'successful');
    expect(stdout).toContain('Not all conditions hold: the workflow was terminated');
    expect(exitCode).toBe(1);
  });

  test('takes one Experiment', async () => {
    const input = JSON.stringify({ items: [{ status: aReport() }, { status: aReport() }] });
    const { exitCode, stderr } = await runSerin(['assert', '-f', '-', '-c', 'completed'], { input });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: 'serin: -: expected one Experiment, got 2\n' });
  });
});

test('serin assert has exit code 4 when nobody can be asked', async () => {
  const { exitCode, stderr } = await runSerin(['assert', 'x', '-c', 'completed', ...nowhere]);
  expect(stderr).toContain('Temporal does not answer at 127.0.0.1:1');
  expect(exitCode).toBe(4);
});

describe('serin describe -f', () => {
  test('tells why an Experiment was refused, whose run never began', async () => {
    const input = JSON.stringify({
      apiVersion: 'iter8.tools/v2alpha2',
      kind: 'Experiment',
      metadata: { name: 'canary', namespace: 'shop' },
      spec: { target: 'app', strategy: { testingPattern: 'Canary' } },
      status: { stage: 'Completed', serin: { outcome: 'Failed', reason: 'spec.duration: expected a mapping' } },
    });
    const { stdout } = await runSerin(['describe', '-f', '-'], { input });
    expect(stdout).toContain(
      'Experiment name: canary\nExperiment namespace: shop\nTarget: shop/app\nTesting pattern: Canary\n',
    );
    expect(stdout).toContain('Outcome: Failed\nReason: spec.duration: expected a mapping\n');
  });

  test('describes each Experiment of a list that kubectl printed, by the report in its status', async () => {
    const items = ['one', 'two'].map((name) => ({
      kind: 'Experiment',
      status: { serin: { report: aReport({ name }) } },
    }));
    const input = JSON.stringify({ kind: 'List', items });
    const { exitCode, stdout } = await runSerin(['describe', '-f', '-'], { input });
    expect(stdout.match(/^Experiment name: .*$/gm)).toEqual(['Experiment name: one', 'Experiment name: two']);
    expect(exitCode).toBe(0);
  });

  test("describes what serin has run, beside Experiments that iter8's controller or nobody has run, which it names", async () => {
    const ofSerin = { kind: 'Experiment', status: { serin: { report: aReport({ name: 'new' }) } } };
    const old = { kind: 'Experiment', metadata: { name: 'old', namespace: 'a' }, status: { stage: 'Completed' } };
    const idle = { kind: 'Experiment', metadata: { name: 'idle', namespace: 'a' } };
    const input = JSON.stringify({ kind: 'List', items: [old, ofSerin, idle] });
    const { exitCode, stdout, stderr } = await runSerin(['describe', '-f', '-'], { input });
    expect(stdout.match(/^Experiment name: .*$/gm)).toEqual(['Experiment name: new']);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^note: iter8's controller has written the status of Experiment a\/old, at stage Completed; /,
      ),
      'note: Experiment a/idle has no status: serin has not run it',
      '',
    ]);
    expect(exitCode).toBe(0);
    const asserted = await runSerin(['assert', '-f', '-', '-c', 'completed'], { input });
    expect(asserted).toMatchObject({ exitCode: 2, stderr: 'serin: -: expected one Experiment, got 3\n' });
  });

  test('describes each Experiment of several documents, beside other objects', async () => {
    const objects = ['one', 'two'].map((name) => ({
      kind: 'Experiment',
      status: { serin: { report: aReport({ name }) } },
    }));
    const documents = [...objects, { kind: 'Metric', metadata: { name: 'clicks' } }].map((object) =>
      JSON.stringify(object),
    );
    const { exitCode, stdout } = await runSerin(['describe', '-f', '-'], { input: documents.join('\n---\n') });
    expect(stdout.match(/^Experiment name: .*$/gm)).toEqual(['Experiment name: one', 'Experiment name: two']);
    expect(exitCode).toBe(0);
  });

  test.each([
    '{ schemaVersion: 1, stage: Running, weights: {} }',
    '{ schemaVersion: 1, stage: Running, weights: [], judged: x, history: 5, warnings: {} }',
    '{ schemaVersion: 1, stage: Running, weights: { candidates: a }, judged: [null], baseline: 7 }',
  ])('refuses a report that serin did not write: %s', async (report) => {
    const input = `{ kind: Experiment, status: { serin: { report: ${report} } } }`;
    for (const flags of [[], ['--wide']]) {
      const { exitCode, stderr } = await runSerin(['describe', '-f', '-', ...flags], { input });
      expect(stderr).toMatch(/^serin: -: expected a report as serin writes it, got one that cannot be described: /);
      expect(exitCode).toBe(2);
    }
  });

  test.each([
    ['a: [', 'is not YAML'],
    ['kind: Experiment', 'expected an Experiment with a status'],
    [
      "{kind: Experiment, metadata: {name: canary, namespace: shop}, status: {stage: Completed, message: of iter8's}}",
      "iter8's controller has written the status of Experiment shop/canary, at stage Completed; iter8ctl describes it",
    ],
    ['just text', 'expected an Experiment with a status'],
    ['', 'is empty'],
  ])('refuses %j', async (input, message) => {
    const { exitCode, stderr } = await runSerin(['describe', '-f', '-'], { input });
    expect(stderr).toContain(`serin: (standard input)`);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});

describe('serin lint', () => {
  const metric = (jq: string): string => `apiVersion: serin.dev/v1alpha1
kind: Metric
metadata: { name: clicks }
spec: { http: { url: "https://example.test", jq: "${jq}" } }
`;

  test('accepts a file of metrics alone', async () => {
    const { exitCode, stdout } = await runSerin(['lint', '-f', '-'], { input: metric('.value | tonumber') });
    expect([exitCode, stdout]).toEqual([0, '(standard input) can be used\n']);
  });

  test('finds what is wrong with the metrics beside an experiment, their jq included', async () => {
    const input = `${metric('.value |')}---\n${aManifest()}`;
    const { exitCode, stdout } = await runSerin(['lint', '-f', '-'], { input });
    expect(stdout).toBe(
      '(standard input):4:50 spec.http.jq: expected a jq expression, got syntax error, unexpected end of file at column 8\n',
    );
    expect(exitCode).toBe(2);
  });

  test.each([
    ['a metric beside the experiment', `${metric('.value |')}---\n${aManifest()}`],
    ['a key that is given twice', `${aManifest()}kind: Experiment\n`],
    ['an annotation', aManifest().replace('metadata:', 'metadata:\n  annotations: { serin.dev/approval: maybe }')],
  ])('says of %s what plan, simulate and doctor say', async (_, input) => {
    const { stdout } = await runSerin(['lint', '-f', '-'], { input });
    expect(stdout).toMatch(/^\(standard input\):\d+:\d+ .*: expected .*, got .*\n$/);
    const traffic = ['--rps', '20'];
    const candidate = ['--candidate-error-rate', '0.01'];
    for (const command of [['plan', ...traffic], ['simulate', ...traffic, ...candidate], ['doctor']]) {
      const { exitCode, stderr } = await runSerin([...command, '-f', '-'], { input });
      expect(stderr).toBe(`serin: (standard input) cannot be used:\n  ${stdout}`);
      expect(exitCode).toBe(2);
    }
  });

  test('prints the warnings of a manifest that can be used', async () => {
    const { exitCode, stdout } = await runSerin(['lint', '-f', '-'], { input: aManifest() });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^warning: \(standard input\):10:7 spec\.strategy\.actions\.finish: /),
      expect.stringMatching(/^warning: \(standard input\):21:3 spec\.baseline: /),
      expect.stringMatching(/^warning: \(standard input\):26:3 spec\.candidates: /),
      '(standard input) can be used: the target is the Knative Service default/sample-app',
      '',
    ]);
    expect(exitCode).toBe(0);
  });

  test('reads a list, as kubectl prints it, with the place of each item', async () => {
    const items = (...texts: readonly string[]) =>
      [
        'apiVersion: v1',
        'kind: List',
        'items:',
        ...texts.map((text) => `- ${text.trimEnd().replaceAll('\n', '\n  ')}`),
      ].join('\n');
    const one = aManifest({ name: 'one' });
    const good = await runSerin(['lint', '-f', '-', '-o', 'json'], { input: items(one, aManifest({ name: 'two' })) });
    expect(JSON.parse(good.stdout)).toMatchObject({ valid: true, targets: ['default/sample-app'] });
    const bad = await runSerin(['lint', '-f', '-'], {
      input: items(one, aManifest({ name: 'two', upperLimit: 'fifty' })),
    });
    const line = 3 + one.trimEnd().split('\n').length + 16;
    expect(bad.stdout).toMatch(
      new RegExp(`^\\(standard input\\):${line}:21 spec\\.criteria\\.objectives\\[0\\]\\.upperLimit: `),
    );
    expect(bad.exitCode).toBe(2);
  });

  test('reads several documents', async () => {
    const input = [aManifest({ name: 'one' }), aManifest({ name: 'two' })].join('---\n');
    const { exitCode, stdout } = await runSerin(['lint', '-f', '-'], { input });
    expect(stdout.match(/^warning: .*spec\.baseline: /gm)).toHaveLength(2);
    expect(exitCode).toBe(0);
  });

  test('takes the namespace that kubectl apply -n would give to objects without one', async () => {
    const bare = aManifest().replace('default/sample-app', 'sample-app');
    const named = (namespace: string) =>
      `(standard input) can be used: the target is the Knative Service ${namespace}/sample-app\n`;
    expect((await runSerin(['lint', '-f', '-'], { input: bare })).stdout).toContain(named('default'));
    expect((await runSerin(['lint', '-f', '-', '-n', 'shop'], { input: bare })).stdout).toContain(named('shop'));
    const own = bare.replace('metadata:', 'metadata:\n  namespace: own');
    expect((await runSerin(['lint', '-f', '-', '-n', 'shop'], { input: own })).stdout).toContain(named('own'));
  });

  test('says for what it takes the target of a file for another platform', async () => {
    const input = aManifest().replace('metric: mean-latency', 'metric: iter8-istio/mean-latency');
    const { stdout } = await runSerin(['lint', '-f', '-'], { input });
    expect(stdout).toMatch(
      /spec\.target: expected a Knative Service, got one that is taken for the Knative Service default\/sample-app, although iter8-istio\/mean-latency is a metric of another platform/,
    );
  });

  test.each([
    ['UTF-16', Buffer.from(aManifest(), 'utf16le'), ': expected UTF-8, got UTF-16: save it as UTF-8'],
    ['Latin-1', Buffer.from(aManifest({ name: 'café' }), 'latin1'), ':4: expected UTF-8, got byte 0xe9, which is none'],
  ])('says of a file in %s what to do', async (_, input, message) => {
    const { exitCode, stderr } = await runSerin(['lint', '-f', '-'], { input });
    expect(stderr).toContain(`serin: (standard input)${message}`);
    expect(exitCode).toBe(2);
  });

  test('prints every mistake with its place, and ends with 2', async () => {
    const input = aManifest({ upperLimit: 'fifty', name: 'Not A Name' });
    const { exitCode, stdout } = await runSerin(['lint', '-f', '-'], { input });
    expect(stdout).toMatch(
      /^\(standard input\):4:9 metadata\.name: expected .*\n\(standard input\):16:19 spec\.criteria/,
    );
    expect(exitCode).toBe(2);
  });

  test('tells programs the same', async () => {
    const { exitCode, stdout } = await runSerin(['lint', '-f', '-', '-o', 'json'], {
      input: aManifest({ upperLimit: 'fifty' }),
    });
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, issues: [expect.stringContaining(':16:19 ')] });
    expect(exitCode).toBe(2);
  });
});

describe('the program', () => {
  const program = fileURLToPath(new URL('../../client/serin.ts', import.meta.url));
  const linked = fileURLToPath(new URL('../../bin/serin.js', import.meta.url));
  const readUsage = async (path: string): Promise<string> =>
    (await promisify(execFile)(path, ['lint', '--help'])).stdout;

  test('runs by itself', async () => {
    expect(await readUsage(program)).toMatch(/^Usage: serin lint \[options\]\n/);
  });

  test('ends quietly where nobody reads its output any more', async () => {
    const child = spawn(program, ['lint', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [errors, [exitCode]] = await Promise.all([readText(child.stderr), once(child, 'close')]);
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
  });

  test('is what npm links, from the sources in a checkout', async () => {
    expect(await readUsage(linked)).toMatch(/^Usage: serin lint \[options\]\n/);
  });

  test('says which Node it needs to one that cannot run it', async () => {
    const older = "Object.defineProperty(process, 'versions', { value: { node: '22.18.0' } })";
    const args = ['--import', `data:text/javascript,${encodeURIComponent(older)}`, linked, '--version'];
    await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({
      code: 2,
      stderr: `serin: expected Node ${manifest.engines.node.replace('>=', '')} or newer, got 22.18.0\n`,
    });
  });

  test.each(['temporal', 'kubectl'])('answers to the name that %s looks for', async (host) => {
    const folder = await mkdtemp(join(tmpdir(), 'serin-name-'));
    try {
      const link = join(folder, `${host}-serin`);
      await symlink(program, link);
      expect(await readUsage(link)).toContain(`Usage: ${host} serin lint [options]\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test.each([
  ['canary', { namespace: 'default', name: 'canary' }],
  ['shop/canary', { namespace: 'shop', name: 'canary' }],
  ['experiment/shop/canary', undefined],
])('%s may name the experiment %j', (id, name) => {
  expect(possibleName(id)).toEqual(name);
});

test.each([
  ['localhost:7233', undefined, 'http://localhost:8233/namespaces/prod/workflows/a%2Fb/r/history'],
  ['prod.acct.tmprl.cloud:7233', undefined, 'https://cloud.temporal.io/namespaces/prod/workflows/a%2Fb/r/history'],
  ['temporal.example.com:7233', undefined, undefined],
  [
    'temporal.example.com:7233',
    'https://ui.example.com/',
    'https://ui.example.com/namespaces/prod/workflows/a%2Fb/r/history',
  ],
])('the Web UI of %s, told %s, is %s', (address, configured, expected) => {
  expect(webUiAddress({ address, namespace: 'prod' }, { workflowId: 'a/b', runId: 'r' }, configured)).toBe(expected);
});
