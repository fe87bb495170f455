import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { describe } from '../../core/report/describe.ts';
import { formatRequest } from '../../core/planner/requests.ts';
import { refusalReason, withRequest } from '../../core/planner/accept-request.ts';
import { publicStage } from '../../core/experiment/stage.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestKind } from '../../core/planner/requests.ts';
import { buildReport } from '../../core/report/report-of-state.ts';
import { cutText, limits } from '../../core/text/limits.ts';
import { Unreadable } from '../../contract/payload-converter.ts';
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
  setHandler(messages.targetFreeSignal, () => run.lookAgain?.(), {
    description: 'Sent by the experiment that gives up the target that this one waits for.',
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
  setHandler(signalDefinition, (input?: RequestInput) => acceptSignal(run, kind, input), { description });
  setHandler(updateDefinition, (input: RequestInput | undefined) => accept(run, kind, sanitizeRequest(input)), {
    description,
    validator: (input: RequestInput | undefined) => refuse(run, kind, input),
  });
}

/** A signal has no answer, so a refusal becomes a warning in the report. */
function acceptSignal(run: Run, kind: RequestKind, input: RequestInput | undefined): void {
  const request = sanitizeRequest(input);
  const refusal = refusalNow(run, kind, input);
  if (refusal === undefined) accept(run, kind, request);
  else addWarnings(run, `${formatRequest(kind, input instanceof Unreadable ? {} : request)} ignored: ${refusal}`);
}

function accept(run: Run, kind: RequestKind, request: RequestInput): RequestAccepted {
  update(run, withRequest(run.state, kind, { ...request, atMs: Date.now() }));
  return { stage: publicStage(run.state.stage), message: `${kind} accepted` };
}

function refuse(run: Run, kind: RequestKind, input: RequestInput | undefined): void {
  const refusal = refusalNow(run, kind, input);
  if (refusal !== undefined) throw ApplicationFailure.nonRetryable(`cannot ${kind}: ${refusal}`, 'RequestRefused');
}

/** A request that cannot be read is refused, but for an abort: whoever sends one wants the baseline. */
function refusalNow({ isClosing, state }: Run, kind: RequestKind, input: unknown): string | undefined {
  if (isClosing) return 'the experiment has ended';
  if (input instanceof Unreadable && kind !== 'abort') return unreadableMessage(input);
  return refusalReason(kind, state);
}

function unreadableMessage({ reason }: Unreadable): string {
  return `its message cannot be read: ${reason}`;
}

/** Messages come from people by hand: anything but text in the two known fields is left out, and long text is cut. */
function sanitizeRequest(input: RequestInput | undefined): RequestInput {
  if (input instanceof Unreadable) return { reason: unreadableMessage(input) };
  const given: { readonly by?: unknown; readonly reason?: unknown } =
    typeof input === 'object' && input !== null ? input : {};
  return defined({
    by: shortText(given.by, limits.requestBy),
    reason: shortText(given.reason, limits.requestReason),
  });
}

function shortText(value: unknown, length: number): string | undefined {
  return typeof value === 'string' ? cutText(value, length) : undefined;
}
