import type { JsonSchema } from '../formats/document/nullable-fields.ts';
import { settingNames, settingSchemas } from '../formats/worker/settings-schema.ts';
import type { SettingSchema } from '../formats/worker/settings-schema.ts';

/** A value of the chart: a JSON Schema with what it is for, and its default where it has one. */
export interface ChartValue extends Omit<JsonSchema, 'properties'> {
  readonly description: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ChartValue>>;
  readonly pattern?: string;
  readonly minimum?: number;
}

/** Where people put settings that the chart chooses for itself in a pod. */
const addresses = { healthAddress: '0.0.0.0:8680', metricsAddress: '0.0.0.0:9464' };

/** Every value of the chart in `deploy/chart`, from which its `values.yaml`, its schema and the table of its README are made. */
export function chartValues(): ChartValue {
  return mapping('Values of the chart serin', {
    installation: {
      description:
        '`platform`: one serin for all namespaces, which acts in each as the account that its owner has bound there; `team`: a serin for the namespace of the release alone, which acts as itself, by Roles',
      enum: ['platform', 'team'],
      default: 'platform',
    },
    fullnameOverride: text('what the names of all objects begin with; without it the name of the release', ''),
    image: mapping('The image of worker, operator and server', {
      repository: text('where the image is, without a tag', 'serin'),
      tag: text("the tag; without it the chart's `appVersion`", ''),
      digest: { ...text('the digest, which then decides instead of the tag', ''), pattern: '^(sha256:[0-9a-f]{64})?$' },
      pullPolicy: {
        description: 'when the image is pulled',
        enum: ['IfNotPresent', 'Always', 'Never'],
        default: 'IfNotPresent',
      },
    }),
    imagePullSecrets: list(
      'Secrets with the logins for the registry of the image, such as `{name: registry}`',
      objects,
    ),
    temporal: mapping('Temporal, which keeps and drives the experiments', {
      address: text("where Temporal's frontend is, `host:port`; to be set", ''),
      namespace: text("Temporal's namespace", 'default'),
      apiKey: secretKey('the API key'),
      tls: mapping('TLS', {
        enabled: flag('whether Temporal is reached by TLS; an API key or a certificate says so too', false),
        serverName: text("the name in the server's certificate, where that is not the host of the address", ''),
        certificateSecret: text(
          "a Secret of the type `kubernetes.io/tls` with the client's certificate (`tls.crt`) and key (`tls.key`)",
          '',
        ),
        ca: secretKey('the certificates of the authorities to trust'),
      }),
    }),
    settings: mapping(
      'Settings of a worker by their names in its file; worker and operator have the same. `prometheusUrl` is to be set',
      Object.fromEntries(Object.entries(settingSchemas()).map(([name, schema]) => [name, setting(name, schema)])),
    ),
    settingsFromSecrets: {
      description:
        'Settings that are in Secrets, by name: `prometheusHeaders: {secret: prometheus, key: headers}`. Those that are files (`…File`, `kubeconfig`) are mounted, and read anew where the worker does so; of the others the value is the setting',
      type: 'object',
      default: {},
      additionalProperties: false,
      properties: Object.fromEntries(settingNames.map((name) => [name, secretKey(`the setting ${name}`)])),
    },
    worker: mapping('Workers, which carry experiments out', {
      replicas: count('how many; each can go on with any experiment', 2),
      ...pod({ cpu: '250m', memory: '512Mi' }, { memory: '2Gi' }),
      podDisruptionBudget: mapping('A PodDisruptionBudget', {
        enabled: flag('whether there is one', true),
        maxUnavailable: {
          description: 'how many may be taken away at a time, a number or a share such as `50%`',
          anyOf: [{ type: 'integer' }, { type: 'string' }],
          default: 1,
        },
      }),
    }),
    operator: mapping('The operator, which runs a workflow for each Experiment of the cluster', {
      enabled: flag('whether there is one; without it experiments are started in Temporal', true),
      replicas: count('how many; one is enough', 1),
      ...pod({ cpu: '100m', memory: '256Mi' }, { memory: '1Gi' }),
    }),
    server: mapping(
      'The page for all people whom the cluster knows (`serin server`); on a platform only, since it asks the whole cluster who they are',
      {
        enabled: flag('whether there is one', false),
        origin: text(
          'the address at which browsers reach it, such as `https://serin.example.com`; TLS ends at an ingress or a proxy in front of it',
          '',
        ),
        signingKeySecret: text(
          'a Secret with a private key, Ed25519 as PEM, under `signing.pem`; workers trust the public one by `settingsFromSecrets.verificationKeysFile`',
          'serin-signing-key',
        ),
        replicas: count('how many; each knows the cookies of all', 1),
        ...pod({ cpu: '100m', memory: '256Mi' }, { memory: '1Gi' }),
      },
    ),
    crds: mapping('The kinds Experiment and Metric', {
      install: flag(
        'whether the release has them; they are kept, with all Experiments, when it is uninstalled. Whoever may not change kinds of the cluster sets `false`',
        true,
      ),
    }),
    rbac: mapping('Rights', {
      create: flag(
        'whether the release has roles and bindings: ClusterRoles on a platform, Roles for a team. Without them the rights are those that others have bound',
        true,
      ),
    }),
    serviceAccounts: mapping('The accounts of worker, operator and server', {
      create: flag('whether the release has them; without it accounts of the same names must be there', true),
      annotations: free('annotations of each'),
    }),
    podSecurityContext: free('The security context of pods', {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    }),
    securityContext: free('The security context of containers', {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    }),
    networkPolicy: mapping('A NetworkPolicy for worker, operator and server each', {
      enabled: flag('whether there are', true),
      apiServerPorts: list("the ports of the cluster's API server", { type: 'integer' }, [443, 6443]),
      workerEgress: list(
        'what workers may reach beside DNS, the API server, Temporal and Prometheus, as rules of a NetworkPolicy: what manifests may ask (charts, values, webhooks, metrics of other back ends)',
        objects,
        [
          {
            to: [
              { namespaceSelector: {} },
              { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } },
              { ipBlock: { cidr: '::/0', except: ['fe80::/10', 'fd00:ec2::254/128'] } },
            ],
            ports: [{ protocol: 'TCP', port: 1, endPort: 65535 }],
          },
        ],
      ),
      serverFrom: list(
        'who may reach the server, such as an ingress, as peers of a NetworkPolicy; without any, all',
        objects,
      ),
      metricsFrom: list('who may read metrics, as peers of a NetworkPolicy; without any, all', objects),
    }),
    monitoring: mapping("serin's own metrics, for the Prometheus Operator", {
      podMonitor: mapping('A PodMonitor', {
        enabled: flag('whether there is one', false),
        interval: text('how often is scraped', '30s'),
        labels: free('labels by which a Prometheus finds it'),
      }),
      prometheusRule: mapping('Alerts', {
        enabled: flag('whether there are', false),
        labels: free('labels by which a Prometheus finds them'),
      }),
      grafanaBoard: mapping('A board for Grafana, in a ConfigMap that its sidecar loads', {
        enabled: flag('whether there is one', false),
        labels: free('labels by which the sidecar finds it', { grafana_dashboard: '1' }),
        annotations: free('annotations, such as the folder in which the board is put'),
      }),
    }),
  });
}

/** A setting of the worker; where it listens is the chart's to say, since in a pod nobody reaches loopback. */
function setting(name: string, schema: SettingSchema): ChartValue {
  const chosen = Object.entries(addresses).find(([key]) => key === name)?.[1];
  return chosen === undefined ? schema : { ...schema, default: chosen };
}

function pod(
  requests: Readonly<Record<string, string>>,
  limits: Readonly<Record<string, string>>,
): Readonly<Record<string, ChartValue>> {
  return {
    resources: free('what a pod asks for, and its limits', { requests, limits }),
    env: list('more variables of the environment, such as `HELM_REGISTRY_CONFIG`', objects),
    volumes: list('more volumes of a pod', objects),
    volumeMounts: list('where they are mounted', objects),
    podLabels: free('more labels of a pod'),
    podAnnotations: free('more annotations of a pod'),
    nodeSelector: free('labels of the nodes that may run a pod'),
    tolerations: list('taints of nodes that a pod tolerates', objects),
    affinity: free('where pods are put'),
    topologySpreadConstraints: list(
      'how pods are spread; without a `labelSelector` of its own each has that of the pods',
      objects,
    ),
    priorityClassName: text('the priority of a pod', ''),
    terminationGracePeriodSeconds: {
      description: 'the seconds in which a pod may end; without it the `shutdownGrace` of the settings and 30 more',
      type: ['integer', 'null'],
    },
  };
}

const objects: JsonSchema = { type: 'object' };

function mapping(description: string, properties: Readonly<Record<string, ChartValue>>): ChartValue {
  return { description, type: 'object', additionalProperties: false, properties };
}

function text(description: string, fallback: string): ChartValue {
  return { description, type: 'string', default: fallback };
}

function flag(description: string, fallback: boolean): ChartValue {
  return { description, type: 'boolean', default: fallback };
}

function count(description: string, fallback: number): ChartValue {
  return { description, type: 'integer', minimum: 0, default: fallback };
}

function list(description: string, items: JsonSchema, fallback: readonly unknown[] = []): ChartValue {
  return { description, type: 'array', items, default: fallback };
}

/** A mapping that Kubernetes reads, and checks. */
function free(description: string, fallback: object = {}): ChartValue {
  return { description, type: 'object', default: fallback };
}

/** A key of a Secret in the namespace of the release. */
function secretKey(what: string): ChartValue {
  return {
    description: `a Secret with ${what}: \`{secret: name, key: key}\``,
    type: ['object', 'null'],
    additionalProperties: false,
    required: ['secret', 'key'],
    properties: {
      secret: { description: 'the name of the Secret', type: 'string' },
      key: { description: 'the key in it', type: 'string' },
    },
  };
}
