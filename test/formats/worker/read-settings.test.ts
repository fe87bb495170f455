import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readWorkerConfig } from '../../../formats/worker/read-settings.ts';
import type { WorkerSettings } from '../../../formats/worker/read-settings.ts';

type Environment = Readonly<Record<string, string>>;

function noFile(path: string): Uint8Array {
  throw new Error(`ENOENT: no such file or directory, open '${path}'`);
}

function accepted(environment: Environment, file?: string): WorkerSettings {
  const reading = read(environment, file);
  if (reading.kind === 'problems') throw new Error(reading.problems.join('\n'));
  return reading.settings;
}

function findProblems(environment: Environment, file?: string | Uint8Array): readonly string[] {
  const reading = read(environment, file);
  return reading.kind === 'problems' ? reading.problems : [];
}

/** Reads the settings with the given text as the file `worker.yaml`. */
function read(environment: Environment, file?: string | Uint8Array) {
  if (file === undefined) return readWorkerConfig(environment, noFile);
  return readWorkerConfig({ ...environment, SERIN_CONFIG: 'worker.yaml' }, (path) => {
    expect(path).toBe('worker.yaml');
    return Buffer.from(file);
  });
}

/** Each setting: its variable, its key, the text that both take, and the resulting value. */
const settingCases: readonly [string, string, string, Partial<WorkerSettings>][] = [
  ['SERIN_TASK_QUEUE', 'taskQueue', 'canaries', { taskQueue: 'canaries' }],
  ['SERIN_PROMETHEUS_URL', 'prometheusUrl', 'https://mimir/prometheus', { prometheusUrl: 'https://mimir/prometheus' }],
  ['SERIN_PROMETHEUS_SCRAPE_INTERVAL', 'prometheusScrapeInterval', '1m30s', { prometheusScrapeIntervalMs: 90_000 }],
  [
    'SERIN_PROMETHEUS_HEADERS',
    'prometheusHeaders',
    'X-A: b, X-C: d:e',
    { prometheusHeaders: { 'X-A': 'b', 'X-C': 'd:e' } },
  ],
  ['SERIN_PROMETHEUS_TOKEN_FILE', 'prometheusTokenFile', '/etc/token', { prometheusTokenFile: '/etc/token' }],
  ['SERIN_PROMETHEUS_CA_FILE', 'prometheusCaFile', '/etc/ca.pem', { prometheusCaFile: '/etc/ca.pem' }],
  ['SERIN_PROMETHEUS_CERTIFICATE_FILE', 'prometheusCertificateFile', '/etc/c', { prometheusCertificateFile: '/etc/c' }],
  ['SERIN_PROMETHEUS_KEY_FILE', 'prometheusKeyFile', '/etc/key', { prometheusKeyFile: '/etc/key' }],
  ['SERIN_PROMETHEUS_MATCHERS', 'prometheusMatchers', 'a = "b", c!~"d,e"', { prometheusMatchers: 'a="b",c!~"d,e"' }],
  ['SERIN_ALLOWED_COMMANDS', 'allowedCommands', 'helm, kubectl', { allowedCommands: ['helm', 'kubectl'] }],
  ['SERIN_ALLOWED_HOSTS', 'allowedHosts', 'a.example.com:8080, *.b', { allowedHosts: ['a.example.com:8080', '*.b'] }],
  ['SERIN_SLACK_URL', 'slackUrl', 'http://localhost:8080', { slackUrl: 'http://localhost:8080' }],
  ['SERIN_SERVER_URL', 'serverUrl', 'https://serin.example', { serverUrl: 'https://serin.example' }],
  ['SERIN_CLUSTER_NAME', 'clusterName', 'prod-eu', { clusterName: 'prod-eu' }],
  ['SERIN_COMMAND_MEMORY', 'commandMemory', '512Mi', { commandMemoryBytes: 512 * 1024 ** 2 }],
  ['SERIN_COMMAND_USER', 'commandUser', '1000:2000', { commandUser: { uid: 1000, gid: 2000 } }],
  ['SERIN_HELM_PATH', 'helmPath', '/opt/helm', { helmPath: '/opt/helm' }],
  ['SERIN_HELM_PENDING_LIMIT', 'helmPendingLimit', '10m', { helmPendingLimitMs: 600_000 }],
  ['SERIN_KUBECONFIG', 'kubeconfig', '/etc/kubeconfig', { kubeconfig: '/etc/kubeconfig' }],
  ['SERIN_SERVICE_ACCOUNT', 'serviceAccount', 'canary', { serviceAccount: 'canary' }],
  ['SERIN_HEALTH_ADDRESS', 'healthAddress', '0.0.0.0:0', { healthAddress: { host: '0.0.0.0', port: 0 } }],
  ['SERIN_METRICS_ADDRESS', 'metricsAddress', 'none', { metricsAddress: 'none' }],
  ['SERIN_LOG_LEVEL', 'logLevel', 'debug', { logLevel: 'debug' }],
  ['SERIN_SHUTDOWN_GRACE', 'shutdownGrace', '2m', { shutdownGraceMs: 120_000 }],
  ['SERIN_PAYLOAD_KEYS_FILE', 'payloadKeysFile', '/etc/keys', { payloadKeysFile: '/etc/keys' }],
  ['SERIN_VERIFICATION_KEYS_FILE', 'verificationKeysFile', '/etc/v.pem', { verificationKeysFile: '/etc/v.pem' }],
  ['SERIN_MAX_CACHED_WORKFLOWS', 'maxCachedWorkflows', '200', { maxCachedWorkflows: 200 }],
  ['SERIN_WORKFLOW_BUNDLE', 'workflowBundle', '/opt/workflows.js', { workflowBundle: '/opt/workflows.js' }],
  ['SERIN_OPERATOR', 'operator', 'true', { operator: true }],
  ['SERIN_OPERATOR_NAMESPACE', 'operatorNamespace', 'team-a', { operatorNamespace: 'team-a' }],
  ['SERIN_MAX_RUNS_PER_NAMESPACE', 'maxRunsPerNamespace', '7', { maxRunsPerNamespace: 7 }],
];

/** Values of each setting that are refused, and the problem that is reported. */
const refusals: readonly [string, string, readonly string[], string][] = [
  ['SERIN_TASK_QUEUE', 'taskQueue', [' ', 'q'.repeat(1001)], 'the name of a Temporal task queue'],
  [
    'SERIN_PROMETHEUS_URL',
    'prometheusUrl',
    ['prometheus:9090', 'ftp://prometheus', 'http://'],
    'a URL such as http://prometheus:9090, a % in its user or password written as %25',
  ],
  [
    'SERIN_PROMETHEUS_SCRAPE_INTERVAL',
    'prometheusScrapeInterval',
    ['10', '0s', '11m', 'often'],
    'a duration from 1ms to 10m, such as 10s',
  ],
  [
    'SERIN_PROMETHEUS_HEADERS',
    'prometheusHeaders',
    ['X-A', 'X A: b', 'Host: x', 'X-A: ', 'X-A: b, x-a: c', ','],
    'headers such as X-Scope-OrgID: team-a',
  ],
  ['SERIN_PROMETHEUS_TOKEN_FILE', 'prometheusTokenFile', [' '], 'the path of a file with a token'],
  ['SERIN_PROMETHEUS_CA_FILE', 'prometheusCaFile', [' '], 'the path of a file with certificates'],
  ['SERIN_PROMETHEUS_CERTIFICATE_FILE', 'prometheusCertificateFile', [' '], 'the path of a file with a certificate'],
  ['SERIN_PROMETHEUS_KEY_FILE', 'prometheusKeyFile', [' '], 'the path of a file with a key'],
  [
    'SERIN_PROMETHEUS_MATCHERS',
    'prometheusMatchers',
    ['prod', 'a=b', '{a="b"}', 'a="b",', 'a="b" c="d"', '__name__="x"'],
    'label matchers such as cluster="prod",env=~"eu-.*"',
  ],
  ['SERIN_ALLOWED_COMMANDS', 'allowedCommands', ['helm,,', 'rm -rf', 'a;b'], 'commands such as helm,kubectl'],
  [
    'SERIN_ALLOWED_HOSTS',
    'allowedHosts',
    ['http://a', 'a,,b', 'a:', 'a.*', '**'],
    'hosts such as hooks.internal,*.corp.example:8080',
  ],
  ['SERIN_SLACK_URL', 'slackUrl', ['slack.com', 'ftp://slack.com'], 'a URL such as https://slack.com/api'],
  ['SERIN_SERVER_URL', 'serverUrl', ['serin', 'ftp://serin'], 'a URL such as https://serin.example.com'],
  ['SERIN_CLUSTER_NAME', 'clusterName', ['c'.repeat(61)], 'a name of at most 60 characters'],
  [
    'SERIN_COMMAND_MEMORY',
    'commandMemory',
    ['1', '63Mi', '1G', '-1Gi', 'much'],
    'an amount of memory from 64Mi, such as 1Gi or 512Mi',
  ],
  [
    'SERIN_COMMAND_USER',
    'commandUser',
    ['nobody', '-1', '1:', ':1', '4294967295', '0x1'],
    'a user such as 65534 or 65534:65534',
  ],
  ['SERIN_HELM_PATH', 'helmPath', [' '], 'the name or path of the helm program'],
  ['SERIN_HELM_PENDING_LIMIT', 'helmPendingLimit', ['soon', '25h'], 'a duration from 0s to 24h, such as 5m'],
  ['SERIN_KUBECONFIG', 'kubeconfig', [' '], 'the path of a kubeconfig file'],
  ['SERIN_SERVICE_ACCOUNT', 'serviceAccount', [' ', 'a b', 'team-a:serin'], 'the name of a service account, or none'],
  [
    'SERIN_HEALTH_ADDRESS',
    'healthAddress',
    ['8680', ':8680', '127.0.0.1', '127.0.0.1:65536', '::1:8680', '127.0.0.1:x'],
    'host:port such as 127.0.0.1:8680, or port 0 for a free one',
  ],
  [
    'SERIN_METRICS_ADDRESS',
    'metricsAddress',
    ['localhost:9464', '127.0.0.1:0', 'off'],
    'IP:port such as 127.0.0.1:9464, or none',
  ],
  ['SERIN_LOG_LEVEL', 'logLevel', ['loud', 'warning'], 'one of trace, debug, info, warn, error'],
  ['SERIN_SHUTDOWN_GRACE', 'shutdownGrace', ['60', '-1s', '25h'], 'a duration from 0s to 24h, such as 60s'],
  ['SERIN_PAYLOAD_KEYS_FILE', 'payloadKeysFile', [' '], 'the path of a file with keys'],
  ['SERIN_VERIFICATION_KEYS_FILE', 'verificationKeysFile', [' '], 'the path of a file with public keys'],
  ['SERIN_MAX_CACHED_WORKFLOWS', 'maxCachedWorkflows', ['0', '-1', '1.5', 'many'], 'a whole number from 1'],
  ['SERIN_WORKFLOW_BUNDLE', 'workflowBundle', [' '], 'the path of a workflow bundle'],
  ['SERIN_OPERATOR', 'operator', ['yes', '1'], 'true, false or only'],
  ['SERIN_OPERATOR_NAMESPACE', 'operatorNamespace', ['Team A', 'a/b'], 'a Kubernetes namespace'],
  ['SERIN_MAX_RUNS_PER_NAMESPACE', 'maxRunsPerNamespace', ['0', '-1', 'all'], 'a whole number from 1'],
];

describe('the configuration of a worker', () => {
  test('has a default for everything', () => {
    expect(accepted({})).toEqual({
      taskQueue: 'serin',
      prometheusUrl: 'http://localhost:9090',
      prometheusScrapeIntervalMs: 10_000,
      prometheusHeaders: undefined,
      prometheusTokenFile: undefined,
      prometheusCaFile: undefined,
      prometheusCertificateFile: undefined,
      prometheusKeyFile: undefined,
      prometheusMatchers: undefined,
      allowedCommands: ['helm'],
      allowedHosts: [],
      slackUrl: 'https://slack.com/api',
      commandMemoryBytes: 1024 ** 3,
      commandUser: undefined,
      helmPath: 'helm',
      helmPendingLimitMs: 300_000,
      kubeconfig: undefined,
      serviceAccount: 'serin',
      payloadKeysFile: undefined,
      verificationKeysFile: undefined,
      healthAddress: { host: '127.0.0.1', port: 8680 },
      metricsAddress: { host: '127.0.0.1', port: 9464 },
      logLevel: 'info',
      shutdownGraceMs: 60_000,
      maxCachedWorkflows: undefined,
      workflowBundle: undefined,
      operator: false,
      operatorNamespace: undefined,
      maxRunsPerNamespace: 20,
    });
  });

  test.each(settingCases)('takes %s from the environment', (variable, _key, text, expected) => {
    expect(accepted({ [variable]: text })).toEqual({ ...accepted({}), ...expected });
  });

  test.each(settingCases)('takes, like %s, %s from the file', (_variable, key, text, expected) => {
    expect(accepted({}, `${key}: '${text}'`)).toEqual({ ...accepted({}), ...expected });
  });

  test.each(refusals)('refuses wrong values of %s', (variable, key, texts, expected) => {
    for (const text of texts) {
      const isSecret = variable === 'SERIN_PROMETHEUS_HEADERS';
      const got = isSecret ? 'something else, which is not shown' : JSON.stringify(text);
      expect(findProblems({ [variable]: text })).toEqual([`${variable}: expected ${expected}, got ${got}`]);
      expect(findProblems({}, JSON.stringify({ [key]: text }))).toEqual([
        `worker.yaml ${key}: expected ${expected}, got ${got}`,
      ]);
    }
  });

  test('has no account to act as where the setting says none', () => {
    expect(accepted({ SERIN_SERVICE_ACCOUNT: 'none' }).serviceAccount).toBeUndefined();
  });

  test('takes the number of a user for the number of its group, also as a number of YAML', () => {
    const user = { uid: 65_534, gid: 65_534 };
    expect(accepted({ SERIN_COMMAND_USER: '65534' }).commandUser).toEqual(user);
    expect(accepted({}, 'commandUser: 65534').commandUser).toEqual(user);
  });

  test('may be the operator alone', () => {
    expect(accepted({ SERIN_OPERATOR: 'only' }).operator).toBe('only');
  });

  test('names every setting in these tests', () => {
    const [problem = ''] = findProblems({ SERIN_X: '1' });
    const known = problem.match(/SERIN_[A-Z_]+/g)?.filter((name) => name !== 'SERIN_X' && name !== 'SERIN_CONFIG');
    expect(known).toEqual(settingCases.map(([variable]) => variable));
    expect(known).toEqual(refusals.map(([variable]) => variable));
  });

  test('is in the documentation, in the same order', () => {
    const readme = readFileSync(new URL('../../../docs/worker-settings.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `(SERIN_\w+)` +\| `(\w+)` /gm)].map(([, variable, key]) => [variable, key]);
    expect(rows).toEqual(settingCases.map(([variable, key]) => [variable, key]));
  });

  test('prefers the environment to the file', () => {
    const file = 'taskQueue: of-the-file\nhelmPath: /of/the/file';
    const settings = accepted({ SERIN_TASK_QUEUE: 'of-the-environment' }, file);
    expect(settings).toMatchObject({ taskQueue: 'of-the-environment', helmPath: '/of/the/file' });
  });

  test('takes an empty variable for an absent one', () => {
    expect(accepted({ SERIN_TASK_QUEUE: '', SERIN_NONSENSE: '', SERIN_CONFIG: '' })).toEqual(accepted({}));
  });

  test('takes lists, numbers and IPv6 addresses as YAML and JSON write them', () => {
    const file = 'allowedCommands: [helm, /usr/bin/kubectl]\nmaxCachedWorkflows: 200\nhealthAddress: "[::1]:8680"\n';
    const expected = {
      allowedCommands: ['helm', '/usr/bin/kubectl'],
      maxCachedWorkflows: 200,
      healthAddress: { host: '::1', port: 8680 },
    };
    expect(accepted({}, file)).toMatchObject(expected);
    expect(accepted({}, '{"allowedCommands":["helm","/usr/bin/kubectl"],"maxCachedWorkflows":200}')).toMatchObject({
      allowedCommands: expected.allowedCommands,
      maxCachedWorkflows: 200,
    });
  });

  test('allows no command at all when the file says so', () => {
    expect(accepted({}, 'allowedCommands: []').allowedCommands).toEqual([]);
  });

  test('reports all problems of the environment and the file at once', () => {
    const environment = { SERIN_LOG_LEVEL: 'loud', SERIN_SHUTDOWN_GRACE: 'long', SERIN_TASKQUEUE: 'x' };
    expect(findProblems(environment, 'maxCachedWorkflows: few\ntaskQueu: y')).toEqual([
      'SERIN_LOG_LEVEL: expected one of trace, debug, info, warn, error, got "loud"',
      'SERIN_SHUTDOWN_GRACE: expected a duration from 0s to 24h, such as 60s, got "long"',
      expect.stringMatching(/^SERIN_TASKQUEUE: expected one of SERIN_TASK_QUEUE, .*, got a name that serin does not/),
      'worker.yaml maxCachedWorkflows: expected a whole number from 1, got "few"',
      expect.stringMatching(
        /^worker.yaml taskQueu: expected one of taskQueue, .*, got a name that serin does not know$/,
      ),
    ]);
  });

  test("lets variables of serin's other programs be", () => {
    const environment = { SERIN_WEB_UI: 'http://x', SERIN_CACHE: '/x', SERIN_TOOL_KUBE_APISERVER: '/x', OTHER: 'x' };
    expect(findProblems(environment)).toEqual([]);
  });

  test('says why the file cannot be used', () => {
    expect(findProblems({ SERIN_CONFIG: 'absent.yaml' })).toEqual([
      "SERIN_CONFIG: expected a readable file, got ENOENT: no such file or directory, open 'absent.yaml'",
    ]);
    expect(findProblems({}, 'taskQueue: [')).toEqual([
      expect.stringMatching(/^worker.yaml: expected YAML or JSON, got [^\n]+$/),
    ]);
    expect(findProblems({}, '- taskQueue')).toEqual(['worker.yaml: expected settings by name, got ["taskQueue"]']);
    expect(findProblems({}, 'taskQueue: a\ntaskQueue: b')).toEqual([
      expect.stringMatching(/^worker.yaml: expected YAML or JSON, got duplicated mapping key/),
    ]);
    expect(findProblems({}, 'taskQueue')).toEqual(['worker.yaml: expected settings by name, got "taskQueue"']);
  });

  test('refuses a file that is no UTF-8', () => {
    expect(findProblems({}, Buffer.from('taskQueue: a', 'utf16le'))).toEqual([
      'worker.yaml: expected UTF-8, got UTF-16: save it as UTF-8 (PowerShell: Out-File -Encoding utf8)',
    ]);
    expect(findProblems({}, Buffer.from('# \n# caf\u00e9', 'latin1'))).toEqual([
      expect.stringMatching(/^worker.yaml:2: expected UTF-8, got byte 0xe9/),
    ]);
  });

  test('takes an empty file for one that sets nothing', () => {
    expect(accepted({}, '# nothing\n')).toEqual(accepted({}));
  });

  test('takes headers as a mapping, whose values may have commas', () => {
    const file = 'prometheusHeaders: { X-Scope-OrgID: 12, X-List: "a,b" }';
    expect(accepted({}, file).prometheusHeaders).toEqual({ 'X-Scope-OrgID': '12', 'X-List': 'a,b' });
  });

  test.each(['http://serin:50%@prometheus', 'https://serin:p%zz@prometheus'])(
    'refuses %s, without its password',
    (url) => {
      const [problem] = findProblems({ SERIN_PROMETHEUS_URL: url });
      expect(problem).toMatch(
        /^SERIN_PROMETHEUS_URL: .* a % in its user or password written as %25, got "https?:\/\/\*\*\*@/,
      );
      expect(accepted({ SERIN_PROMETHEUS_URL: url.replace('%', '%25') })).toBeDefined();
    },
  );

  test('does not show the password of a URL', () => {
    const [problem] = findProblems({ SERIN_PROMETHEUS_URL: 'ftp://user:pass@word@prometheus' });
    expect(problem).toMatch(/got "ftp:\/\/\*\*\*@prometheus"$/);
  });
});
