import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  V1ClusterRole,
  V1ConfigMap,
  V1Container,
  V1Deployment,
  V1PodTemplateSpec,
  V1Service,
} from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../core/text/duration.ts';
import { environmentName, readWorkerConfig } from '../../formats/worker/read-settings.ts';
import type { WorkerSettings } from '../../formats/worker/read-settings.ts';
import { settingDefinitions } from '../../formats/worker/settings.ts';
import { settingNames } from '../../formats/worker/settings-schema.ts';
import { customResourceDefinitions } from '../../operator/crds/definitions.ts';
import { readClusterRoles } from '../support/roles.ts';
import {
  chart,
  findObject,
  helm,
  readAlerts,
  readChartFile,
  render,
  renderText,
  served,
  setting,
  valueSets,
} from './chart.ts';
import type { RenderedObject } from './chart.ts';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};
const platform = `--values=${valueSets.get('platform')}`;
const everything = `--values=${valueSets.get('all-values')}`;

function valuesOf(name: string): string {
  return `--values=${valueSets.get(name)}`;
}

function podOf(objects: readonly RenderedObject[], component: string): V1PodTemplateSpec & { container: V1Container } {
  const { spec } = findObject(objects, 'Deployment', `serin-${component}`) as V1Deployment;
  const template = spec?.template;
  const [container, ...others] = template?.spec?.containers ?? [];
  if (template === undefined || container === undefined || others.length > 0) throw new Error('expected one container');
  return { ...template, container };
}

/** The variables of a pod whose values the chart knows. */
function environmentOf(objects: readonly RenderedObject[], component: string): Readonly<Record<string, string>> {
  const { data } = findObject(objects, 'ConfigMap', 'serin-settings') as V1ConfigMap;
  const own = podOf(objects, component).container.env ?? [];
  return { ...data, ...Object.fromEntries(own.map(({ name, value = '' }) => [name, value])) };
}

function readSettings(environment: Readonly<Record<string, string>>): WorkerSettings {
  const reading = readWorkerConfig(environment, (path) => expect.fail(`the chart has no file ${path}`));
  return reading.kind === 'settings' ? reading.settings : expect.fail(reading.problems.join('\n'));
}

describe.each([...valueSets])('the values %s', (setName, file) => {
  test('pass helm lint', async () => {
    await helm('lint', '--strict', '--kube-version=1.36.3', chart, `--values=${file}`);
  });

  test('give settings that a worker takes', async () => {
    const objects = await render(`--values=${file}`);
    const name = setName === 'without-rights' ? 'canary-settings' : 'serin-settings';
    const { data } = findObject(objects, 'ConfigMap', name) as V1ConfigMap;
    expect(readSettings(data ?? {}).taskQueue).toBe('serin');
  });

  test('are told of in the README of the chart', () => {
    expect(readChartFile('README.md')).toContain(`ci/${setName}.yaml`);
  });

  test('let no pod run as root, write outside its volumes, or keep a capability', async () => {
    const pods = (await render(`--values=${file}`)).filter(({ kind }) => kind === 'Deployment') as (RenderedObject &
      V1Deployment)[];
    expect(pods).not.toEqual([]);
    for (const { spec } of pods) {
      const pod = spec?.template.spec;
      expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod?.containers.map(({ securityContext }) => securityContext)).toEqual([
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      ]);
    }
  });
});

describe('a value that is wrong', () => {
  test.each([
    ['a name that there is not', setting('workers', 3), 'workers'],
    ['a setting that there is not', setting('settings.taskqueue', 'a'), 'taskqueue'],
    ['another kind of value', setting('worker.replicas', 'two'), 'worker/replicas'],
    ['another word', setting('installation', 'cluster'), 'installation'],
    ['half of a reference', setting('temporal.apiKey', { secret: 'a' }), "missing property 'key'"],
    ['a digest of another form', setting('image.digest', 'abc'), 'image/digest'],
  ])('is refused by its place: %s', async (_, wrong, place) => {
    await expect(renderText(platform, wrong)).rejects.toThrow(place);
  });

  test.each([
    [setting('temporal.address', ''), "temporal.address: expected host:port of Temporal's frontend, got none"],
    [
      setting('settings.prometheusUrl', null),
      "settings.prometheusUrl: expected the URL of the Prometheus that scrapes Knative's revisions, got none",
    ],
  ])('is missing: %s', async (missing, message) => {
    await expect(renderText(platform, missing)).rejects.toThrow(message);
  });

  test('asks for a kind that the cluster does not have', async () => {
    const args = ['serin', chart, '--kube-version=1.36.3', platform, '--set=monitoring.podMonitor.enabled=true'];
    await expect(helm('template', ...args)).rejects.toThrow(
      'monitoring.podMonitor.enabled: expected a cluster with the kind PodMonitor of monitoring.coreos.com/v1, got one without',
    );
  });
});

describe('settings', () => {
  /** A value of each setting, other than its default. */
  const examples: Readonly<Record<string, unknown>> = {
    taskQueue: 'canaries',
    prometheusUrl: 'https://mimir/prometheus',
    prometheusScrapeInterval: '15s',
    prometheusTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    prometheusCaFile: '/etc/ca.pem',
    prometheusCertificateFile: '/etc/c.pem',
    prometheusKeyFile: '/etc/k.pem',
    prometheusMatchers: 'cluster="prod"',
    allowedCommands: ['helm', 'kubectl'],
    allowedHosts: ['*.corp.example:8080'],
    slackUrl: 'https://slack.example/api',
    serverUrl: 'https://serin.example',
    clusterName: 'prod-eu',
    commandMemory: '512Mi',
    commandUser: 65_534,
    helmPath: '/opt/helm',
    helmPendingLimit: '10m',
    kubeconfig: '/etc/kubeconfig',
    serviceAccount: 'canary',
    healthAddress: '0.0.0.0:8000',
    metricsAddress: 'none',
    logLevel: 'debug',
    shutdownGrace: '1m30s',
    payloadKeysFile: '/etc/keys',
    verificationKeysFile: '/etc/verification.pem',
    maxCachedWorkflows: 2_000_000,
    workflowBundle: '/opt/bundle.js',
    operator: true,
    operatorNamespace: 'team-a',
    maxRunsPerNamespace: 7,
  };
  const secretNames = Object.entries(settingDefinitions).flatMap(([name, one]) => ('isSecret' in one ? [name] : []));

  test('of every name reach the worker, from values or from a Secret', async () => {
    expect([...Object.keys(examples), ...secretNames].toSorted()).toEqual(settingNames.toSorted());
    const objects = await render(platform, setting('settings', examples));
    const { TMPDIR: _, KUBECONFIG: __, ...environment } = environmentOf(objects, 'worker');
    const file = JSON.stringify(examples);
    const expected = readWorkerConfig({ SERIN_CONFIG: 'values' }, () => Buffer.from(file));
    expect(readWorkerConfig(environment, () => Buffer.of())).toEqual(expected);
  });

  test.each(settingNames)('%s may come from a Secret', async (name) => {
    const all = Object.fromEntries(
      settingNames.map((one) => [one, { secret: `secret-${one}`.toLowerCase(), key: 'the-key' }]),
    );
    const objects = await render(platform, setting('settingsFromSecrets', all));
    const secret = `secret-${name}`.toLowerCase();
    const { container, spec } = podOf(objects, 'worker');
    const variable = container.env?.find(
      (one) => one.name === environmentName(name as keyof typeof settingDefinitions),
    );
    if (!/File$|^kubeconfig$/.test(name)) {
      expect(variable?.valueFrom).toEqual({ secretKeyRef: { name: secret, key: 'the-key' } });
      return;
    }
    const mounted = container.volumeMounts?.find(({ mountPath }) => variable?.value === `${mountPath}/the-key`);
    const volume = spec?.volumes?.find((one) => one.name === mounted?.name);
    expect(volume?.secret).toMatchObject({ secretName: secret, items: [{ key: 'the-key', path: 'the-key' }] });
  });

  test('of the operator are those of the worker, but that it is the operator alone', async () => {
    const objects = await render(everything);
    const worker = readSettings(pickSerin(environmentOf(objects, 'worker')));
    const operator = readSettings(pickSerin(environmentOf(objects, 'operator')));
    expect(operator).toEqual({ ...worker, operator: 'only' });
  });

  test('of a team say that it acts as itself, in its namespace', async () => {
    const settings = readSettings(pickSerin(environmentOf(await render(valuesOf('team')), 'operator')));
    expect(settings).toMatchObject({ serviceAccount: undefined, operatorNamespace: 'serin-system', operator: 'only' });
  });

  test('that change start the pods anew', async () => {
    const checksum = async (...args: readonly string[]) =>
      podOf(await render(platform, ...args), 'worker').metadata?.annotations?.['checksum/settings'];
    expect(await checksum()).toBe(await checksum(setting('worker.replicas', 5)));
    expect(await checksum()).not.toBe(await checksum(setting('settings.logLevel', 'debug')));
  });

  test.each(['0s', '45s', '1m30s', '1h2m3s', '500ms', '2m', '1s1ms'])(
    'leave a pod 30 s more than a grace of %s, in which its commands are ended',
    async (grace) => {
      const { spec } = podOf(await render(platform, setting('settings.shutdownGrace', grace)), 'worker');
      const seconds = Math.ceil((parseDuration(grace) ?? Number.NaN) / 1000);
      expect(spec?.terminationGracePeriodSeconds).toBe(seconds + 30);
    },
  );

  function pickSerin(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    // Those of Secrets have no value here.
    return Object.fromEntries(
      Object.entries(environment).filter(([name, value]) => name.startsWith('SERIN_') && value !== ''),
    );
  }
});

describe('rights', () => {
  const roles = new Map(readClusterRoles().map(({ metadata, rules = [] }) => [metadata?.name ?? '', rules]));

  function rulesOf(objects: readonly RenderedObject[], kind: string): ReadonlyMap<string, V1ClusterRole['rules']> {
    const found = objects.filter((object) => object.kind === kind) as (RenderedObject & V1ClusterRole)[];
    return new Map(found.map(({ metadata, rules }) => [metadata?.name ?? '', rules]));
  }

  test('on a platform are those of deploy/rbac.yaml', async () => {
    expect(rulesOf(await render(platform, ...served), 'ClusterRole')).toEqual(roles);
  });

  test('on a platform whose accounts have another name are for that name', async () => {
    const named = rulesOf(await render(platform, setting('settings.serviceAccount', 'canary')), 'ClusterRole');
    const impersonating = [...named.values()].flatMap((rules = []) =>
      rules.filter(({ verbs }) => verbs.includes('impersonate')),
    );
    expect(impersonating.map(({ resourceNames }) => resourceNames)).toEqual([['canary'], ['canary']]);
  });

  test('of a team are in its namespace, and let it act as nobody else', async () => {
    const objects = await render(valuesOf('team'));
    const withoutActing = (...names: readonly string[]) =>
      names.flatMap((name) => roles.get(name) ?? []).filter(({ verbs }) => !verbs.includes('impersonate'));
    expect(Object.fromEntries(rulesOf(objects, 'Role'))).toEqual({
      'serin-worker': withoutActing('serin-worker', 'serin-target', 'serin-secret-reader-writer'),
      'serin-operator': withoutActing('serin-operator', 'serin-target'),
    });
    const clusterWide = objects.filter(({ metadata }) => metadata?.namespace === undefined);
    expect(clusterWide).toEqual([]);
  });

  test('of workers that are the operator too are those of both', async () => {
    const rules = rulesOf(await render(valuesOf('one-process')), 'ClusterRole');
    expect(rules.get('serin-worker')).toEqual(expect.arrayContaining(roles.get('serin-operator') ?? [undefined]));
    expect(rules.has('serin-operator')).toBe(false);
  });

  test('are bound to the accounts of the pods', async () => {
    const objects = await render(platform);
    for (const component of ['worker', 'operator']) {
      const account = podOf(objects, component).spec?.serviceAccountName ?? '';
      const binding = findObject(objects, 'ClusterRoleBinding', account);
      expect(binding['subjects']).toEqual([{ kind: 'ServiceAccount', name: account, namespace: 'serin-system' }]);
      expect(findObject(objects, 'ServiceAccount', account)['automountServiceAccountToken']).toBe(false);
    }
  });
});

test('the kinds are those of deploy/crds.yaml, and stay when the release goes', async () => {
  const rendered = await render(platform);
  for (const definition of customResourceDefinitions()) {
    // As JSON, which has no absent fields.
    const expected = JSON.parse(JSON.stringify(definition)) as RenderedObject;
    const kind = findObject(rendered, 'CustomResourceDefinition', expected.metadata?.name ?? '');
    const annotations = { 'helm.sh/resource-policy': 'keep' };
    expect(kind).toEqual({ ...expected, metadata: { ...expected.metadata, annotations } });
  }
});

test.each([
  [{}, `serin:${version}`],
  [{ repository: 'example.com/serin', tag: '1.2.3' }, 'example.com/serin:1.2.3'],
  [{ tag: 'ignored', digest: `sha256:${'a'.repeat(64)}` }, `serin@sha256:${'a'.repeat(64)}`],
])('the image of %j is %s', async (image, name) => {
  expect(podOf(await render(platform, setting('image', image)), 'worker').container.image).toBe(name);
});

test('alerts are those of docs/operations.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8').replaceAll(/\s+/g, ' ');
  expect(readAlerts()).toHaveLength(11);
  for (const expression of readAlerts()) expect(page).toContain(`\`${expression}\``);
});

test('a NetworkPolicy lets a worker out to DNS, the API server, Temporal, Prometheus and what manifests ask', async () => {
  const objects = await render(everything);
  const ports = (name: string): unknown => findObject(objects, 'NetworkPolicy', name)['spec'];
  expect(ports('serin-worker')).toMatchObject({
    ingress: [{ ports: [{ port: 8680 }] }, { ports: [{ port: 9464 }], from: [expect.any(Object)] }],
    egress: [
      { ports: [{ port: 53 }, { port: 53 }] },
      { ports: [{ port: 443 }, { port: 6443 }] },
      { ports: [{ port: 7233 }] },
      { ports: [{ port: 443 }] },
      { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] },
    ],
  });
  expect(ports('serin-operator')).toMatchObject({
    egress: [{}, { ports: [{ port: 443 }, {}] }, { ports: [{ port: 7233 }] }],
  });
  expect(ports('serin-server')).toMatchObject({
    ingress: [
      { ports: [{ port: 8690 }], from: [expect.any(Object)] },
      { ports: [{ port: 8691 }], from: [expect.any(Object)] },
    ],
    egress: [{}, { ports: [{ port: 443 }, {}] }, { ports: [{ port: 7233 }] }],
  });
});

describe('the server', () => {
  test('runs the command of the image with its key, and is reached by a Service', async () => {
    const objects = await render(platform, ...served);
    const { container, spec } = podOf(objects, 'server');
    expect([container.command, container.args]).toEqual([
      ['node'],
      [
        '/opt/serin/dist/client/serin.js',
        'server',
        '--listen',
        '0.0.0.0:8690',
        '--origin',
        'https://serin.example.com',
        '--signing-key-file',
        '/etc/serin/server/signing.pem',
        '--metrics-listen',
        '0.0.0.0:8691',
      ],
    ]);
    expect(container.ports).toEqual([
      { name: 'http', containerPort: 8690 },
      { name: 'metrics', containerPort: 8691 },
    ]);
    expect(container.readinessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
    const volume = spec?.volumes?.find(({ name }) => name === 'signing-key');
    expect(volume?.secret).toMatchObject({ secretName: 'serin-signing-key' });
    const service = findObject(objects, 'Service', 'serin-server') as V1Service;
    expect(service.spec?.ports).toEqual([{ name: 'http', port: 80, targetPort: 'http' }]);
    expect(environmentOf(objects, 'worker')['SERIN_VERIFICATION_KEYS_FILE']).toBe(
      '/etc/serin/settings/verificationKeysFile/verification.pem',
    );
  });

  test('serves no metrics where nobody does', async () => {
    const objects = await render(platform, ...served, setting('settings.metricsAddress', 'none'));
    const { container } = podOf(objects, 'server');
    expect(container.args).not.toContain('--metrics-listen');
    expect(container.ports).toEqual([{ name: 'http', containerPort: 8690 }]);
  });

  test('is not there by default', async () => {
    expect(await renderText(platform)).not.toContain('serin-server');
  });

  test.each<[string, readonly string[], string]>([
    [
      'its address',
      [setting('server.enabled', true)],
      'server.origin: expected the address at which browsers reach the server, got none',
    ],
    [
      'the key by which workers verify what it says',
      [setting('server', { enabled: true, origin: 'https://a' })],
      'settingsFromSecrets.verificationKeysFile: expected a Secret with the public key of the server',
    ],
    ['a whole platform', [valuesOf('team'), ...served], "server.enabled: expected false in a team's installation"],
  ])('is refused without %s', async (_, values, message) => {
    await expect(renderText(platform, ...values)).rejects.toThrow(message);
  });
});
