import type { V1Pod } from '@kubernetes/client-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultBoard, FaultyRevision } from '../faults/fault.ts';
import type { PodIdentity, RequestRecorder } from '../metrics/recorder.ts';
import type { Listening } from '../processes/listen.ts';
import { podIdentity, requestLimitMs } from './hosted-pod.ts';
import { startPodServer } from './pod-server.ts';

interface PodServer {
  readonly identity: PodIdentity;
  readonly listening: Listening;
}

// As Knative's queue-proxy: a pod that is being deleted still serves what the gateway has sent it by then.
const drainDelayMs = 1_000;
const drainLimitMs = 30_000;

/** The servers of the revisions' pods, by the pods' uids. */
export class PodServers {
  readonly #recorder: RequestRecorder;
  readonly #faults: FaultBoard;
  readonly #servers = new Map<string, PodServer>();
  readonly #retired = new Set<Listening>();

  constructor(recorder: RequestRecorder, faults: FaultBoard) {
    this.#recorder = recorder;
    this.#faults = faults;
  }

  /** Starts the pod's server, unless it runs already. */
  async start(pod: V1Pod, text: string): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    const identity = podIdentity(pod);
    if (identity === undefined || this.#servers.has(uid)) return;
    const listening = await startPodServer({
      body: `${identity.revision} ${text}`,
      timeoutMs: requestLimitMs(pod),
      faults: () => this.#faults.of(identity),
      record: (status, durationMs) => this.#recorder.record(identity, status, durationMs),
    });
    this.#recorder.add(identity);
    this.#servers.set(uid, { identity, listening });
  }

  ports({ namespace, revision }: FaultyRevision): readonly number[] {
    const isOfRevision = ({ identity }: PodServer) =>
      identity.namespace === namespace && identity.revision === revision;
    return [...this.#servers.values()].filter(isOfRevision).map(({ listening }) => listening.port);
  }

  /** Retires the server of a deleted pod: it gets no new requests, and closes after those under way. */
  retire(uid: string): void {
    const server = this.#servers.get(uid);
    if (server === undefined) return;
    this.#servers.delete(uid);
    this.#retired.add(server.listening);
    void this.#drain(server);
  }

  async close(): Promise<void> {
    const open = [...[...this.#servers.values()].map(({ listening }) => listening), ...this.#retired];
    this.#servers.clear();
    await Promise.all(open.map((listening) => listening.close()));
  }

  async #drain({ identity, listening }: PodServer): Promise<void> {
    await delay(drainDelayMs);
    await listening.drain(drainLimitMs);
    this.#retired.delete(listening);
    this.#recorder.remove(identity);
  }
}
