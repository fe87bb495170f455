import type { Act } from '../core/report/act.ts';
import type { Attention } from '../core/report/attention.ts';
import type { Course } from '../core/report/course.ts';
import type { Headline } from '../core/report/headline.ts';
import type { Report } from '../core/report/report.ts';
import type { RequestKind } from '../core/planner/requests.ts';

/** What the page shows of its server. */
export interface ServerFacts {
  readonly version: string;
  readonly temporal: { readonly address: string; readonly namespace: string };
  /** Who requests are made by; absent where the page only shows. */
  readonly user?: string;
  /** Whether that name is verified, and the person can log out. */
  readonly isVerified?: boolean;
}

/** An experiment in the list. What its run says itself is absent until it has been asked. */
export interface ListedExperiment {
  readonly workflowId: string;
  readonly runId: string;
  readonly isClosed: boolean;
  readonly startedAtMs: number;
  readonly closedAtMs?: number;
  /** `namespace/name` of the Knative Service. */
  readonly target?: string;
  readonly name?: string;
  readonly stage?: string;
  readonly outcome?: string;
  /** The candidates' weights, percent. */
  readonly weights: readonly number[];
  /** When it was last observed. */
  readonly observedAtMs?: number;
  readonly attention?: Attention;
  readonly headline?: Headline;
}

/** A change of the list, by run id; the first one has all experiments. */
export interface ListChange {
  readonly nowMs: number;
  readonly changed: readonly ListedExperiment[];
  readonly removed: readonly string[];
  /** Why the list may be old. */
  readonly note?: string;
}

/** One experiment as its run describes it. */
export interface ExperimentPage {
  /** When it was read, by the server's clock. */
  readonly nowMs: number;
  readonly workflowId: string;
  readonly runId: string;
  /** The first run of the experiment, where Temporal says it. */
  readonly firstRunId?: string;
  /** `namespace/name` of the Knative Service, as far as it is known without the report. */
  readonly target?: string;
  readonly taskQueue: string;
  readonly isClosed: boolean;
  readonly startedAtMs: number;
  readonly closedAtMs?: number;
  readonly report?: Report;
  /** Why there is no report, or why it may be old. */
  readonly note?: string;
  readonly attention?: Attention;
  readonly headline?: Headline;
}

/** The course of an experiment, from its record in Temporal. */
export interface ExperimentRecord {
  readonly course: Course;
  readonly acts: readonly Act[];
}

/** What a person asks of an experiment. */
export interface Ask {
  readonly workflowId: string;
  /** The first run of the experiment that the person saw: another one has this workflow id after a new start. */
  readonly firstRunId: string;
  readonly request: RequestKind;
  /** Of an approval or a rejection: the gate that the person saw, by when it was opened. */
  readonly gateMs?: number;
  readonly reason?: string;
}

/** The answer to what a person has asked. */
export interface AskAnswer {
  readonly message: string;
}

/** Why the server does not do what it was asked. */
export interface Problem {
  readonly kind: 'usage' | 'notFound' | 'refused' | 'noWorker' | 'unreachable' | 'failed' | 'notLoggedIn' | 'forbidden';
  readonly message: string;
}

/** A page that needs no server: everything that it shows. */
export interface FrozenPage {
  readonly facts: ServerFacts;
  readonly page: ExperimentPage;
  readonly record?: ExperimentRecord;
  /** The facts of each interval as `serin explain` prints them, from the first one on. */
  readonly explanations: readonly (readonly string[])[];
}
