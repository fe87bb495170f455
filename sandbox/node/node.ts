import { PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import type { Base } from '../base.ts';
import type { SandboxCluster } from '../cluster/client.ts';
import { watchPath, type WatchedObjects } from '../cluster/watch.ts';
import { objectKey, splitKey, KeyQueue } from '../cluster/work-queue.ts';
import type { FaultBoard, FaultyRevision } from '../faults/fault.ts';
import type { RequestRecorder } from '../metrics/recorder.ts';
import type { SupervisedProcess } from '../processes/supervision.ts';
import { podEnvironment, podIdentity, mainContainer } from './hosted-pod.ts';
import { imageBehaviour, type ImageBehaviour } from './images.ts';
import { fortioArguments } from './load-container.ts';
import { podStatus, type PodState } from './pod-status.ts';
import { PodServers } from './pod-servers.ts';
import { productProgram } from './product.ts';
import { ProgramPods } from './program-pods.ts';

export interface NodeOptions {
  readonly base: Base;
  readonly cluster: SandboxCluster;
  readonly faults: FaultBoard;
  readonly recorder: RequestRecorder;
  readonly gatewayUrl: string;
}

/** The sandbox's only node: runs every pod of the cluster on this machine. */
export interface Node {
  /** Ports of the pods of a revision that take requests. */
  readyPorts(revision: FaultyRevision): readonly number[];
  stop(): Promise<void>;
}

export function runNode(options: NodeOptions): Node {
  return new LocalNode(options);
}

class LocalNode implements Node {
  readonly #options: NodeOptions;
  readonly #servers: PodServers;
  readonly #product: ProgramPods;
  readonly #programs = new Map<string, SupervisedProcess>();
  readonly #reported = new Map<string, PodState>();
  readonly #queue: KeyQueue;
  readonly #pods: WatchedObjects<V1Pod>;

  constructor(options: NodeOptions) {
    const { base, cluster, faults, recorder } = options;
    this.#options = options;
    this.#servers = new PodServers(recorder, faults);
    const program = productProgram(base.tools);
    this.#product = new ProgramPods({ base, cluster, program, changed: (pod) => this.#queue.add(objectKey(pod)) });
    this.#queue = new KeyQueue((key) => this.#reconcile(key));
    this.#pods = watchPath(cluster, '/api/v1/pods', () => cluster.core.listPodForAllNamespaces(), {
      present: (pod) => this.#queue.add(objectKey(pod)),
      gone: (pod) => this.#forget(pod),
    });
    faults.onChange(({ namespace, revision }) => {
      for (const pod of this.#pods.list()) {
        const identity = podIdentity(pod);
        if (identity?.namespace === namespace && identity.revision === revision) this.#queue.add(objectKey(pod));
      }
    });
  }

  readyPorts(revision: FaultyRevision): readonly number[] {
    if (isDown(this.#options.faults, revision) !== undefined) return [];
    return this.#servers.ports(revision);
  }

  async stop(): Promise<void> {
    this.#queue.stop();
    this.#product.close();
    await this.#pods.stop();
    await this.#servers.close();
  }

  async #reconcile(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.get(name, namespace);
    if (pod === undefined || hasEnded(pod)) return;
    const behaviour = imageBehaviour(mainContainer(pod)?.image ?? '');
    if (behaviour?.kind === 'product') await this.#runProduct(pod);
    else await this.#report(pod, await this.#run(pod, behaviour));
  }

  /** Its pods belong to this node, so that the API server leaves it the time to end them. */
  async #runProduct(pod: V1Pod): Promise<void> {
    if (pod.metadata?.deletionTimestamp !== undefined) {
      await this.#product.end(pod);
      await this.#release(pod);
      return;
    }
    if (pod.spec?.nodeName === undefined) await this.#bind(pod);
    const { state, ip } = await this.#product.start(pod);
    await this.#report(pod, state, { ip });
  }

  async #bind({ metadata: { name = '', namespace = '' } = {} }: V1Pod): Promise<void> {
    const target = { apiVersion: 'v1', kind: 'Node', name: 'sandbox' };
    await this.#options.cluster.core.createNamespacedPodBinding({
      name,
      namespace,
      body: { metadata: { name }, target },
    });
  }

  async #release({ metadata: { name = '', namespace = '', uid = '' } = {} }: V1Pod): Promise<void> {
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#options.cluster.core.deleteNamespacedPod({ name, namespace, body });
  }

  async #run(pod: V1Pod, behaviour: Exclude<ImageBehaviour, { kind: 'product' }> | undefined): Promise<PodState> {
    switch (behaviour?.kind) {
      case undefined:
        return 'image-missing';
      case 'fortio':
        await this.#runProgram(pod);
        return 'running';
      case 'server':
        await this.#servers.start(pod, behaviour.body(podEnvironment(pod)));
        return this.#stateOfServer(pod);
    }
  }

  #stateOfServer(pod: V1Pod): PodState {
    const identity = podIdentity(pod);
    return (identity && isDown(this.#options.faults, identity)) ?? 'running';
  }

  async #runProgram(pod: V1Pod): Promise<void> {
    const uid = podUid(pod);
    if (this.#programs.has(uid)) return;
    const { base, gatewayUrl } = this.#options;
    const args = fortioArguments(pod, gatewayUrl);
    const program = await base.supervision.spawn(base.program(`pod-${pod.metadata?.name}`, base.tools.fortio, args));
    this.#programs.set(uid, program);
    void program.exited.then(async ({ code }) => {
      const output = await readFile(program.logFile, 'utf8').catch(() => '');
      await this.#report(pod, code === 0 ? 'succeeded' : 'failed', { output }).catch(() => undefined);
    });
  }

  async #report(pod: V1Pod, state: PodState, details: { output?: string; ip?: string } = {}): Promise<void> {
    if (this.#reported.get(podUid(pod)) === state) return;
    const { name = '', namespace = '' } = pod.metadata ?? {};
    await this.#options.cluster.core.patchNamespacedPodStatus(
      { name, namespace, body: { status: podStatus(pod, state, details) } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    this.#reported.set(podUid(pod), state);
  }

  #forget(pod: V1Pod): void {
    const uid = podUid(pod);
    this.#reported.delete(uid);
    this.#programs.get(uid)?.signal('SIGTERM');
    this.#programs.delete(uid);
    this.#servers.retire(uid);
    // What it leaves in the sandbox's own folder goes with the sandbox.
    this.#product.end(pod).catch(() => undefined);
  }
}

function isDown(faults: FaultBoard, revision: FaultyRevision): 'unschedulable' | 'crashing' | undefined {
  const kinds = faults.of(revision).map(({ kind }) => kind);
  if (kinds.includes('crash')) return 'crashing';
  return kinds.includes('unready') ? 'unschedulable' : undefined;
}

function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function podUid({ metadata }: V1Pod): string {
  return metadata?.uid ?? '';
}
