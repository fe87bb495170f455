import type {
  V1Container,
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from '@kubernetes/client-node';

/** The state of a pod on this node. */
export type PodState = 'running' | 'unready' | 'image-missing' | 'unschedulable' | 'crashing' | 'succeeded' | 'failed';

/**
 * The status that a kubelet would report. The times of the last transitions stay as long as nothing changes.
 *
 * @param output the output of a container that has ended; its last lines become the termination message.
 */
export function podStatus(pod: V1Pod, state: PodState, { output = '', ip = '127.0.0.1' } = {}): V1PodStatus {
  const containers = pod.spec?.containers ?? [];
  const isReady = state === 'running';
  return {
    phase: phases[state],
    podIP: ip,
    podIPs: [{ ip }],
    hostIP: '127.0.0.1',
    startTime: pod.status?.startTime ?? new Date(),
    conditions: conditions(pod, {
      PodScheduled: state !== 'unschedulable',
      Initialized: true,
      ContainersReady: isReady,
      Ready: isReady,
    }),
    containerStatuses:
      state === 'unschedulable' ? [] : containers.map((container) => containerStatus(pod, container, state, output)),
  };
}

const phases: Readonly<Record<PodState, string>> = {
  running: 'Running',
  unready: 'Running',
  'image-missing': 'Pending',
  unschedulable: 'Pending',
  crashing: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
};

function conditions(pod: V1Pod, wanted: Readonly<Record<string, boolean>>): V1PodCondition[] {
  return Object.entries(wanted).map(([type, isTrue]) => {
    const status = isTrue ? 'True' : 'False';
    const current = pod.status?.conditions?.find((it) => it.type === type);
    if (current?.status === status) return current;
    return { type, status, lastTransitionTime: new Date(), ...(isTrue ? {} : reasons[type]) };
  });
}

const reasons: Readonly<Record<string, Pick<V1PodCondition, 'reason' | 'message'>>> = {
  PodScheduled: { reason: 'Unschedulable', message: '0/1 nodes are available: 1 node has failed.' },
  ContainersReady: { reason: 'ContainersNotReady' },
  Ready: { reason: 'ContainersNotReady' },
};

function containerStatus(
  pod: V1Pod,
  { name, image = '' }: V1Container,
  state: PodState,
  output: string,
): V1ContainerStatus {
  const before = pod.status?.containerStatuses?.find((it) => it.name === name);
  return {
    name,
    image,
    imageID: image,
    ready: state === 'running',
    started: runs(state),
    restartCount: (before?.restartCount ?? 0) + (state === 'crashing' && before?.started === true ? 1 : 0),
    state: before?.started === true && runs(state) ? (before.state ?? running()) : containerState(image, state, output),
    ...(state === 'crashing' ? { lastState: { terminated: { exitCode: 1, message: 'it has crashed' } } } : {}),
  };
}

function containerState(image: string, state: PodState, output: string): V1ContainerState {
  const message = output.trim().split('\n').slice(-20).join('\n');
  switch (state) {
    case 'running':
    case 'unready':
      return running();
    case 'image-missing':
    case 'unschedulable':
      return { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } };
    case 'crashing':
      return { waiting: { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' } };
    case 'succeeded':
      return { terminated: { exitCode: 0, reason: 'Completed', message } };
    case 'failed':
      return { terminated: { exitCode: 1, reason: 'Error', message } };
  }
}

function runs(state: PodState): boolean {
  return state === 'running' || state === 'unready';
}

function running(): V1ContainerState {
  return { running: { startedAt: new Date() } };
}
