import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { describe } from '../../core/report/describe.ts';
import { formatRequest } from '../../core/planner/requests.ts';
import { refusalReason, withRequest } from '../../core/planner/accept-request.ts';
import { publicStage } from '../../core/experiment/stage.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestKind } from '../../core/planner/requests.ts';
import { buildReport } from '../../core/report/report-of-state.ts';
import * as messages from '../../contract/messages.ts';
import type { RequestAccepted, RequestInput } from '../../contract/messages.ts';
import { update, addWarnings } from './run.ts';
import type { Run } from './run.ts';

const descriptions: Readonly<Record<RequestKind, string>> = {
  abort: 'Ends the experiment: 100 % of the traffic goes to the baseline. Works in every stage.',
  approve: 'Lets the promotion happen. Counts only while the approval gate is open.',
  reject: 'Refuses the promotion: the experiment rolls back. Counts only while the approval gate is open.',
  pause: 'Freezes weight increases and the promotion; observation and roll back go on.',
  resume: 'Ends a pause; the next iteration is a whole one.',
};

/** Sets the handlers of queries, signals and updates, which only read or change the state. Must be called before any await. */
export function setMessageHandlers(run: Run): void {
  setHandler(messages.statusQuery, () => buildReport(run.state), {
    description: 'The state of the experiment as JSON.',
  });
  setHandler(messages.describeQuery, () => describe(buildReport(run.state)), {
    description: 'The state of the experiment as text.',
  });
  handleRequest(run, 'abort', messages.abortSignal, messages.abortUpdate);
  handleRequest(run, 'approve', messages.approveSignal, messages.approveUpdate);
  handleRequest(run, 'reject', messages.rejectSignal, messages.rejectUpdate);
  handleRequest(run, 'pause', messages.pauseSignal, messages.pauseUpdate);
  handleRequest(run, 'resume', messages.resumeSignal, messages.resumeUpdate);
}

function handleRequest(
  run: Run,
  kind: RequestKind,
  signalDefinition: typeof messages.abortSignal,
  updateDefinition: typeof messages.abortUpdate,
): void {
  const description = descriptions[kind];
  setHandler(signalDefinition, (input?: RequestInput) => acceptSignal(run, kind, sanitizeRequest(input)), {
    description,
  });
  setHandler(updateDefinition, (input: RequestInput | undefined) => accept(run, kind, sanitizeRequest(input)), {
    description,
    validator: (_input: RequestInput | undefined) => refuse(run, kind),
  });
}

/** A signal has no answer, so a refusal becomes a warning in the report. */
function acceptSignal(run: Run, kind: RequestKind, request: RequestInput): void {
  const refusal = refusalNow(run, kind);
  if (refusal === undefined) accept(run, kind, request);
  else addWarnings(run, `${formatRequest(kind, request)} ignored: ${refusal}`);
}

function accept(run: Run, kind: RequestKind, request: RequestInput): RequestAccepted {
  update(run, withRequest(run.state, kind, { ...request, atMs: Date.now() }));
  return { stage: publicStage(run.state.stage), message: `${kind} accepted` };
}

function refuse(run: Run, kind: RequestKind): void {
  const refusal = refusalNow(run, kind);
  if (refusal !== undefined) throw ApplicationFailure.nonRetryable(`cannot ${kind}: ${refusal}`, 'RequestRefused');
}

function refusalNow({ isClosing, state }: Run, kind: RequestKind): string | undefined {
  return isClosing ? 'the experiment has ended' : refusalReason(kind, state);
}

/** Messages come from people by hand: anything but text in the two known fields is left out. */
function sanitizeRequest(input: RequestInput | undefined): RequestInput {
  const given: { readonly by?: unknown; readonly reason?: unknown } =
    typeof input === 'object' && input !== null ? input : {};
  return defined({ by: textOrNone(given.by), reason: textOrNone(given.reason) });
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
