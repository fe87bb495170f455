import type { Commands } from './commands.ts';
import type { Fault, FaultyRevision } from './faults/fault.ts';
import type { Load, LoadResult } from './load/fortio.ts';
import type { SingleAnswer, SingleRequest } from './load/get.ts';
import type { Program } from './processes/messages.ts';
import type { Outage } from './processes/service.ts';
import type { SupervisedProcess } from './processes/supervision.ts';
import type { SampleRequest, SampleTarget } from './samples/deploy.ts';
import type { SandboxToolId, ToolPaths } from './tools/resolve.ts';

/** A program whose log is `logs/NAME.log` in the state directory of the process that runs it. */
type LocalProgram = Omit<Program, 'logFile'>;

/** Where the parts of a running sandbox are, all of them on this machine; safe to send as JSON. */
export interface SandboxAddresses {
  /** Path of a kubeconfig with a cluster administrator's rights. */
  readonly kubeconfig: string;
  /** Path of a kubeconfig of the service account `serin-system/serin-worker`, with the rights of `deploy/rbac.yaml` only. */
  readonly workerKubeconfig: string;
  /**
   * Path of a kubeconfig of the service account `serin-system/serin-operator`, with the rights of `deploy/rbac.yaml` only.
   */
  readonly operatorKubeconfig: string;
  /** For `serin server`, with the rights that `deploy/rbac.yaml` grants to it. */
  readonly serverKubeconfig: string;
  readonly temporal: {
    /** gRPC, `host:port`. */
    readonly address: string;
    readonly uiUrl: string;
    readonly namespace: string;
  };
  readonly prometheus: { readonly url: string };
  readonly gateway: {
    /** Send requests here, with the `Host` of the Knative Service. */
    readonly url: string;
    /** What Prometheus scrapes. */
    readonly metricsUrl: string;
  };
  /** Each folder NAME of `samples/` is served at `<url>/NAME/`, as files and as a Helm chart repository. */
  readonly chartRepository: { readonly url: string; readonly directory: string };
  /** Paths of the programs: `kubectl`, `helm`, `temporal`, `fortio` and the rest. */
  readonly tools: ToolPaths<SandboxToolId>;
  /** State and logs (`logs/NAME.log`) of all parts; removed when the sandbox stops. */
  readonly stateDirectory: string;
}

/** What any process of this machine can do with a running sandbox by its addresses alone. */
export interface SandboxActions extends Commands {
  /** Installs the sample chart as a target of its own and returns when both its versions are ready. */
  deploySample(request: SampleRequest): Promise<SampleTarget>;
  /** Sends requests through the gateway and returns when the time is over, or when the signal is aborted. */
  sendLoad(load: Load): Promise<LoadResult>;
  /** Sends one GET through the gateway. */
  get(request: SingleRequest): Promise<SingleAnswer>;
  /** Runs a program that can outlive neither the sandbox nor the process that asked for it. */
  run(program: LocalProgram): Promise<SupervisedProcess>;
}

/** A running sandbox. All its addresses are on loopback. */
export interface Sandbox extends SandboxAddresses, SandboxActions {
  /** Takes parts away and brings them back, with their data and addresses unchanged. */
  readonly outages: {
    readonly apiServer: Outage;
    readonly prometheus: Outage;
    readonly temporal: Outage;
    /** Where it is a process of its own, and of this process. */
    readonly temporalDatabase?: Outage;
  };
  /** Replaces the faults of a revision; an empty list clears them. The revision need not exist yet. */
  setFaults(revision: FaultyRevision, faults: readonly Fault[]): Promise<void>;
  /**
   * Ends every process and removes all state; where the sandbox is another process's, only what was run and written through this
   * connection.
   */
  stop(): Promise<void>;
}
