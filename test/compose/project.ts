import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Sandbox } from '../../sandbox/index.ts';
import { until } from '../support/until.ts';
import { forwardPorts } from './forward.ts';
import { podman, servePodman } from './podman.ts';

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
  /** Runs Docker Compose, and returns what it prints. */
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
export async function startProject(dockerCompose: string, sandbox: Sandbox): Promise<ComposeProject> {
  const open: (() => Promise<unknown>)[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'serin-compose-'));
  open.push(() => rm(directory, { recursive: true }));
  const socket = join(directory, 'podman.sock');
  open.push((await servePodman(socket)).stop);
  const project = describeProject(directory, dockerCompose, socket, sandbox);
  const down = async (): Promise<void> => {
    for (const close of open.splice(0).toReversed()) await close();
  };
  try {
    await prepare(directory, sandbox);
    open.push(() => project.compose('down', '--volumes'));
    const checks = startHealthChecks();
    open.push(checks.stop);
    const [forwards] = await Promise.all([forwardToSandbox(sandbox), project.compose('up', '--detach')]);
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

function describeProject(
  directory: string,
  dockerCompose: string,
  socket: string,
  sandbox: Sandbox,
): Omit<ComposeProject, 'down'> {
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
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
      const { stdout } = await run(dockerCompose, args, { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 });
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

/** Does what systemd's timers do for podman elsewhere: asks after the health of containers, as often as docker-compose.yml says. */
function startHealthChecks(): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const checking = (async () => {
    while (!stopping.signal.aborted) {
      const ids = await podman('ps', '--quiet', '--filter=health=starting', '--filter=health=unhealthy');
      for (const id of ids.split('\n').filter((line) => line !== '')) {
        // Fails where the container is not healthy, or is gone.
        await podman('healthcheck', 'run', id).catch(() => undefined);
      }
      await delay(2_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await checking;
    },
  };
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
