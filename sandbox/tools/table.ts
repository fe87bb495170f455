/** A program built from a pinned Go module in `sandbox/tools/<module>`. */
export interface GoTool {
  readonly kind: 'go';
  readonly name: string;
  /** Folder with the `go.mod` and `go.sum` that pin every byte. */
  readonly module: string;
  readonly package: string;
  readonly version: string;
  readonly ldflags?: string;
  readonly tags?: string;
  /** Go's name of another architecture than this machine's. */
  readonly architecture?: string;
  /** The seconds of a build without any cache on 2 cores; shown to the user. */
  readonly typicalBuildSeconds: number;
}

/** Configuration files that come inside a pinned Go module, copied out of it. */
export interface ModuleFiles {
  readonly kind: 'files';
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The folders of modules that are copied to `<name>/<module's last path segment>/`. */
  readonly folders: readonly { readonly goModule: string; readonly folder: string }[];
  /** What the names of the files end with. Default: `.yaml`. */
  readonly endings?: readonly string[];
  readonly typicalBuildSeconds: number;
}

/** Java archives with their dependencies, from a Maven repository, started by a script. */
export interface MavenTool {
  readonly kind: 'maven';
  readonly name: string;
  readonly artifact: string;
  readonly version: string;
  readonly mainClass: string;
  readonly typicalBuildSeconds: number;
}

export type Tool = GoTool | ModuleFiles | MavenTool;

const kubernetesVersion = '1.36.3';
// Knative refuses an API server whose version is not set.
const kubernetesLdflags = [
  `-X k8s.io/component-base/version.gitVersion=v${kubernetesVersion}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=36',
].join(' ');

function kubernetes(name: string, typicalBuildSeconds: number): GoTool {
  return {
    kind: 'go',
    name,
    module: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    version: kubernetesVersion,
    ldflags: kubernetesLdflags,
    typicalBuildSeconds,
  };
}

/** Everything that the sandbox is made of, in the order in which it is built. */
export const tools = {
  etcd: {
    kind: 'go',
    name: 'etcd',
    module: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    version: '3.7.3',
    typicalBuildSeconds: 40,
  },
  kubeApiserver: kubernetes('kube-apiserver', 200),
  kubeControllerManager: kubernetes('kube-controller-manager', 60),
  kubectl: kubernetes('kubectl', 25),
  knativeController: {
    kind: 'go',
    name: 'knative-controller',
    module: 'knative',
    // Knative's own, with a main function that lets several run on one machine.
    package: './controller',
    version: '0.42.2',
    typicalBuildSeconds: 100,
  },
  knativeWebhook: {
    kind: 'go',
    name: 'knative-webhook',
    module: 'knative',
    package: 'knative.dev/serving/cmd/webhook',
    version: '0.42.2',
    typicalBuildSeconds: 5,
  },
  knativeManifests: {
    kind: 'files',
    name: 'knative-manifests',
    module: 'knative',
    version: '0.42.2',
    folders: [
      { goModule: 'knative.dev/serving', folder: 'config/core' },
      { goModule: 'knative.dev/networking', folder: 'config' },
      { goModule: 'knative.dev/caching', folder: 'config' },
    ],
    typicalBuildSeconds: 1,
  },
  helm: {
    kind: 'go',
    name: 'helm',
    module: 'helm',
    package: 'helm.sh/helm/v3/cmd/helm',
    version: '3.22.0',
    ldflags: '-X helm.sh/helm/v3/internal/version.version=v3.22.0',
    typicalBuildSeconds: 60,
  },
  temporal: {
    kind: 'go',
    name: 'temporal',
    module: 'temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    version: '1.5.1',
    typicalBuildSeconds: 140,
  },
  prometheus: {
    kind: 'go',
    name: 'prometheus',
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    version: '0.316.0',
    // Leaves out service discovery, with all its cloud clients.
    tags: 'remove_all_sd',
    typicalBuildSeconds: 95,
  },
  promtool: {
    kind: 'go',
    name: 'promtool',
    module: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    version: '0.316.0',
    tags: 'remove_all_sd',
    typicalBuildSeconds: 25,
  },
  fortio: {
    kind: 'go',
    name: 'fortio',
    module: 'fortio',
    package: 'fortio.org/fortio',
    version: '1.63.0',
    typicalBuildSeconds: 20,
  },
  prometheusOperatorKinds: {
    kind: 'files',
    name: 'prometheus-operator-kinds',
    module: 'prometheus-operator',
    version: '0.85.0',
    folders: [
      { goModule: 'github.com/prometheus-operator/prometheus-operator', folder: 'example/prometheus-operator-crd' },
    ],
    typicalBuildSeconds: 5,
  },
  victoriaMetrics: {
    kind: 'go',
    name: 'victoria-metrics',
    module: 'victoria-metrics',
    package: 'github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics',
    version: '1.151.0',
    typicalBuildSeconds: 30,
  },
  temporalTestServer: {
    kind: 'maven',
    name: 'temporal-test-server',
    artifact: 'io.temporal:temporal-test-server',
    version: '1.38.0',
    mainClass: 'io.temporal.testserver.TestServer',
    typicalBuildSeconds: 10,
  },
} as const satisfies Record<string, Tool>;

export type ToolId = keyof typeof tools;

/** The tools that come from Go modules. */
export type GoToolId = Exclude<ToolId, 'temporalTestServer'>;

/** What only tests and benchmarks need. */
export const testToolIds = ['prometheusOperatorKinds', 'promtool', 'victoriaMetrics'] as const;

export type SandboxToolId = Exclude<GoToolId, (typeof testToolIds)[number]>;

/** The tools that a running sandbox needs. */
export const sandboxToolIds = (Object.keys(tools) as ToolId[]).filter(isSandboxTool);

function isSandboxTool(id: ToolId): id is SandboxToolId {
  return id !== 'temporalTestServer' && !testToolIds.some((other) => other === id);
}

/** The environment variable that names a tool's path, which is then used instead of serin's own build. */
export function environmentVariable(tool: Tool): string {
  return `SERIN_TOOL_${tool.name.toUpperCase().replaceAll('-', '_')}`;
}
