import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { YAML11_SCHEMA, load } from 'js-yaml';
import type { Sandbox } from '../../sandbox/index.ts';
import { until } from '../support/until.ts';
import { forwardPorts } from './forward.ts';
import { podman } from './podman.ts';

const run = promisify(execFile);
const checkout = join(import.meta.dirname, '../..');

/** By this name, containers find the machine that they run on. */
const hostName = 'host.containers.internal';

/** The sandbox's addresses are of loopback, which a container cannot reach; this is `text` with those that it can. */
export function asContainersSee(text: string): string {
  return text.replaceAll('127.0.0.1:', `${hostName}:`);
}

/** A container of a service. */
export interface ServiceContainer {
  readonly service: string;
  readonly id: string;
  readonly state: string;
  readonly exitCode: number;
  /** Of its first process; 0 where it does not run. */
  readonly pid: number;
  /** The user that its image or docker-compose.yml names. */
  readonly user: string;
}

/** docker-compose.yml, running. */
export interface ComposeProject {
  /** Runs Podman Compose, and returns what it prints. */
  readonly compose: (...args: readonly string[]) => Promise<string>;
  readonly containers: () => Promise<readonly ServiceContainer[]>;
  /** The one container of a service. */
  readonly container: (service: string) => Promise<ServiceContainer>;
  /** Stops and removes all, with its volumes. */
  readonly down: () => Promise<void>;
}

/**
 * Does what docker-compose.yml says to do, in a folder of its own, for the sandbox's cluster: prepares, and starts. What the worker needs
 * beside that are the variables by which the file lets it use another Prometheus, and hosts of one's own.
 */
export async function startProject(podmanCompose: string, sandbox: Sandbox): Promise<ComposeProject> {
  const open: (() => Promise<unknown>)[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'serin-compose-'));
  open.push(() => rm(directory, { recursive: true }));
  const project = describeProject(directory, podmanCompose, sandbox);
  const down = async (): Promise<void> => {
    for (const close of open.splice(0).toReversed()) await close();
  };
  try {
    await prepare(directory, sandbox);
    open.push(() => project.compose('down', '--volumes'));
    const [forwards] = await Promise.all([forwardToSandbox(sandbox), startServices(project)]);
    open.push(forwards.close);
    return { ...project, down };
  } catch (error) {
    await down();
    throw error;
  }
}

/** Steps 2 and 3 at the top of docker-compose.yml; the images are made. */
async function prepare(directory: string, sandbox: Sandbox): Promise<void> {
  await cp(join(checkout, 'docker-compose.yml'), join(directory, 'docker-compose.yml'));
  await cp(join(checkout, 'deploy/docker'), join(directory, 'deploy/docker'), { recursive: true });
  const kubeconfig = join(directory, 'reachable-kubeconfig');
  await writeFile(kubeconfig, reachable(await readFile(sandbox.kubeconfig, 'utf8')), { mode: 0o600 });
  const PATH = [dirname(sandbox.tools.kubectl), process.env['PATH']].join(delimiter);
  await run(join(directory, 'deploy/docker/prepare.sh'), { env: { ...process.env, PATH, KUBECONFIG: kubeconfig } });
}

/** The kubeconfig for containers: the name by which they reach the API server is not in its certificate. */
function reachable(kubeconfig: string): string {
  const config = JSON.parse(kubeconfig) as { readonly clusters: { readonly cluster: Record<string, string> }[] };
  for (const { cluster } of config.clusters) cluster['tls-server-name'] = 'kubernetes.default.svc';
  return asContainersSee(JSON.stringify(config));
}

function describeProject(directory: string, podmanCompose: string, sandbox: Sandbox): Omit<ComposeProject, 'down'> {
  const env = {
    ...process.env,
    SERIN_PROMETHEUS_URL: asContainersSee(sandbox.prometheus.url),
    SERIN_PROMETHEUS_SCRAPE_INTERVAL: '500ms',
    SERIN_ALLOWED_HOSTS: hostName,
  };
  const containers = async (): Promise<readonly ServiceContainer[]> => {
    const ids = (await podman('ps', '--all', '--quiet')).split('\n').filter((line) => line !== '');
    if (ids.length === 0) return [];
    return (JSON.parse(await podman('inspect', ...ids)) as readonly Inspection[]).map(serviceContainer);
  };
  return {
    compose: async (...args) => {
      const { stdout } = await run('python3', [podmanCompose, ...args], {
        cwd: directory,
        env,
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    },
    containers,
    container: async (service) => {
      const found = (await containers()).find((one) => one.service === service);
      if (found === undefined) throw new Error(`expected a container of the service ${service}, got none`);
      return found;
    },
  };
}

interface Inspection {
  readonly Id: string;
  readonly State: { readonly Status: string; readonly Pid: number; readonly ExitCode: number };
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
}

function serviceContainer({ Id: id, State: state, Config: config }: Inspection): ServiceContainer {
  return {
    service: config.Labels['com.docker.compose.service'] ?? '',
    id,
    state: state.Status,
    exitCode: state.ExitCode,
    pid: state.Pid,
    user: config.User,
  };
}

type Conditions = Readonly<
  Record<string, { readonly condition: 'service_healthy' | 'service_completed_successfully' }>
>;

/**
 * Starts the services in the order of the file, each when what it depends on is as the file says. Podman Compose would not wait for the
 * health of a container, which podman asks after by itself only under systemd.
 */
async function startServices(project: Omit<ComposeProject, 'down'>): Promise<void> {
  const file = load(await readFile(join(checkout, 'docker-compose.yml'), 'utf8'), { schema: YAML11_SCHEMA });
  // The file's own test has its form.
  const { services } = file as { readonly services: Readonly<Record<string, { readonly depends_on?: Conditions }>> };
  for (const [service, { depends_on: conditions = {} }] of Object.entries(services)) {
    for (const [awaited, { condition }] of Object.entries(conditions)) {
      await until(`${awaited}: ${condition}`, async () => holds(condition, await project.container(awaited)), {
        limitMs: 120_000,
      });
    }
    await project.compose('up', '--detach', '--no-deps', service);
  }
}

async function holds(condition: string, { id, service, state, exitCode }: ServiceContainer): Promise<boolean> {
  if (condition === 'service_healthy') {
    return podman('healthcheck', 'run', id).then(
      () => true,
      () => false,
    );
  }
  if (state === 'exited' && exitCode !== 0)
    throw new Error(`${service} ended with exit code ${exitCode}: ${await readLog(id)}`);
  return state === 'exited';
}

async function readLog(id: string): Promise<string> {
  const { stdout, stderr } = await run('podman', ['logs', '--tail=50', id]);
  return stdout + stderr;
}

/** Opens the way from the project's network to the sandbox's ports as soon as there is that network. */
async function forwardToSandbox(sandbox: Sandbox): Promise<{ readonly close: () => Promise<void> }> {
  const { clusters } = JSON.parse(await readFile(sandbox.kubeconfig, 'utf8')) as {
    readonly clusters: readonly [{ readonly cluster: { readonly server: string } }];
  };
  const urls = [clusters[0].cluster.server, sandbox.prometheus.url, sandbox.chartRepository.url];
  const ports = urls.map((url) => Number(new URL(url).port));
  return until(
    "the project's network",
    async () => {
      const gateway = await findGateway();
      return gateway === undefined ? undefined : forwardPorts(gateway, ports).catch(() => undefined);
    },
    { limitMs: 120_000, pollMs: 500 },
  );
}

async function findGateway(): Promise<string | undefined> {
  const text = await podman('network', 'inspect', 'serin_default').catch(() => '[]');
  const networks = JSON.parse(text) as readonly { readonly subnets: readonly { readonly gateway: string }[] }[];
  return networks[0]?.subnets[0]?.gateway;
}
