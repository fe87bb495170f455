import type { V1Pod, V1Probe } from '@kubernetes/client-node';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Base } from '../base.ts';
import type { SandboxCluster } from '../cluster/client.ts';
import type { SupervisedProcess } from '../processes/supervision.ts';
import { mainContainer } from './hosted-pod.ts';
import { readEnvironment } from './pod-environment.ts';
import { mountPaths, writePodFiles } from './pod-files.ts';
import type { PodState } from './pod-status.ts';

export interface ProgramPodsOptions {
  readonly base: Base;
  readonly cluster: SandboxCluster;
  readonly program: PodProgram;
  /** The state of the pod is another one. */
  readonly changed: (pod: V1Pod) => void;
}

/** What the image of a pod runs. */
export interface PodProgram {
  readonly command: string;
  /** Where the pod names none of its own. */
  readonly args: readonly string[];
  /** The place on this machine of a file in the image; undefined for what is none. */
  readonly locate?: (path: string) => string | undefined;
  /** The `PATH` of its container. */
  readonly path: string;
}

interface ProgramPod {
  readonly pod: V1Pod;
  /** An address of loopback of its own, on which it may listen at any port. */
  readonly ip: string;
  readonly root: string;
  state: PodState;
  process?: SupervisedProcess;
  isStopping: boolean;
  readonly ended: PromiseWithResolvers<void>;
}

type Tell = (isGood: boolean) => void;

const restartDelayMs = 1_000;

/** Pods of one image: its program as a process of this machine for each, probed and restarted as a kubelet does. */
export class ProgramPods {
  readonly #options: ProgramPodsOptions;
  readonly #pods = new Map<string, ProgramPod>();
  #count = 0;

  constructor(options: ProgramPodsOptions) {
    this.#options = options;
  }

  /** Starts the pod's program, unless it was started already, and returns the state of the pod and its address. */
  async start(pod: V1Pod): Promise<{ readonly state: PodState; readonly ip: string }> {
    const known = this.#pods.get(podUid(pod));
    if (known !== undefined) return known;
    this.#count += 1;
    const ip = `127.77.${Math.floor(this.#count / 250)}.${(this.#count % 250) + 1}`;
    const root = join(this.#options.base.stateDirectory, 'pods', podUid(pod));
    const started: ProgramPod = {
      pod,
      ip,
      root,
      state: 'unready',
      isStopping: false,
      ended: Promise.withResolvers(),
    };
    await this.#launch(started);
    this.#pods.set(podUid(pod), started);
    void this.#probe(started, 'readinessProbe', (isReady) => this.#show(started, isReady ? 'running' : 'unready'));
    void this.#probe(started, 'livenessProbe', (isAlive) => {
      if (!isAlive) started.process?.signal('SIGKILL');
    });
    return started;
  }

  /** SIGTERM, and SIGKILL after the pod's grace; returns when the program has ended. */
  async end(pod: V1Pod): Promise<void> {
    const ending = this.#pods.get(podUid(pod));
    if (ending === undefined) return;
    if (!ending.isStopping) this.#stop(ending);
    await ending.ended.promise;
    this.#pods.delete(podUid(pod));
    await rm(ending.root, { recursive: true, force: true });
  }

  /** Forgets all pods; their programs end with the sandbox. */
  close(): void {
    for (const pod of this.#pods.values()) pod.isStopping = true;
  }

  #stop(ending: ProgramPod): void {
    ending.isStopping = true;
    const { process: program, pod } = ending;
    if (program === undefined) return ending.ended.resolve();
    program.signal('SIGTERM');
    const limit = setTimeout(() => program.signal('SIGKILL'), (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1_000);
    void program.exited.then(() => {
      clearTimeout(limit);
      ending.ended.resolve();
    });
  }

  async #launch(starting: ProgramPod): Promise<void> {
    const { base, cluster, program: image } = this.#options;
    const { pod, root } = starting;
    const onThisMachine = this.#translation(starting);
    await writePodFiles({ cluster, pod, root, onThisMachine });
    const environment = Object.entries(await readEnvironment(cluster, pod));
    const env = {
      PATH: image.path,
      HOME: root,
      ...Object.fromEntries(environment.map(([name, value]) => [name, onThisMachine(value)])),
    };
    const name = `pod-${pod.metadata?.name}`;
    // A checkout may be in a place where the pod has a mount.
    const args = mainContainer(pod)?.args?.map((arg) => image.locate?.(arg) ?? onThisMachine(arg)) ?? image.args;
    const program = await base.supervision.spawn(base.program(name, image.command, args, env));
    starting.process = program;
    void program.exited.then(() => this.#restart(starting));
  }

  #restart(ended: ProgramPod): void {
    delete ended.process;
    if (ended.isStopping) return;
    this.#show(ended, 'crashing');
    setTimeout(() => {
      if (ended.isStopping) return;
      this.#launch(ended).then(
        () => this.#show(ended, 'unready'),
        () => this.#restart(ended),
      );
    }, restartDelayMs);
  }

  /**
   * What a container's own root, network and cluster DNS do for it, in texts: the paths of its mounts are below its root here, all
   * addresses are its own one, and the API server has another.
   */
  #translation({ pod, ip, root }: ProgramPod): (text: string) => string {
    const server = this.#options.cluster.config.getCurrentCluster()?.server ?? '';
    const places = new Map([
      ['0.0.0.0', ip],
      ['https://kubernetes.default.svc', server],
      ...mountPaths(pod).map((path) => [path, join(root, path)] as const),
    ]);
    const pattern = new RegExp([...places.keys()].map(escapePattern).join('|'), 'g');
    return (text) => text.replaceAll(pattern, (found) => places.get(found) ?? found);
  }

  /** Tells of every answer, and of a lack of them when it has come as often as the probe says. */
  async #probe(probed: ProgramPod, kind: 'readinessProbe' | 'livenessProbe', tell: Tell): Promise<void> {
    const probe = mainContainer(probed.pod)?.[kind];
    if (probe === undefined) return;
    const { timeoutSeconds = 1, periodSeconds = 10, failureThreshold = 3 } = probe;
    let failures = 0;
    while (!probed.isStopping) {
      await delay(periodSeconds * 1_000, undefined, { ref: false });
      if (probed.process === undefined) continue;
      const isGood = await answersWell(probeUrl(probed, probe), timeoutSeconds * 1_000);
      failures = isGood ? 0 : failures + 1;
      if (isGood || failures >= failureThreshold) tell(isGood);
    }
  }

  #show(shown: ProgramPod, state: PodState): void {
    if (shown.state === state || shown.isStopping) return;
    shown.state = state;
    this.#options.changed(shown.pod);
  }
}

function probeUrl({ ip, pod }: ProgramPod, { httpGet }: V1Probe): string {
  const wanted = httpGet?.port ?? '';
  const named = mainContainer(pod)?.ports?.find(({ name }) => name === wanted);
  return `http://${ip}:${named?.containerPort ?? wanted}${httpGet?.path ?? '/'}`;
}

async function answersWell(url: string, limitMs: number): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(limitMs) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function podUid({ metadata }: V1Pod): string {
  return metadata?.uid ?? '';
}
