import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { describe } from '../../core/report/describe.ts';
import { formatRequest } from '../../core/planner/requests.ts';
import { personRefusal } from '../../core/planner/accept-request.ts';
import { formatNeeded } from '../../core/report/flags.ts';
import { publicStage } from '../../core/experiment/stage.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestKind } from '../../core/planner/requests.ts';
import { buildReport } from '../../core/report/report-of-state.ts';
import { cutText, limits } from '../../core/text/limits.ts';
import { Unreadable } from '../../contract/payload-converter.ts';
import * as messages from '../../contract/messages.ts';
import type { RequestAccepted, RequestInput } from '../../contract/messages.ts';
import { accept, acceptProven, refusalNow } from './accept.ts';
import { addWarnings } from '../run/run.ts';
import type { Run } from '../run/run.ts';

const descriptions: Readonly<Record<RequestKind, string>> = {
  abort: 'Ends the experiment: 100 % of the traffic goes to the baseline. Works in every stage.',
  approve: 'Lets the promotion happen. Counts only while the approval gate is open.',
  reject:
    'Refuses the promotion: the experiment rolls back. Counts while the approval gate is open, and in the bake time after a promotion.',
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
  setHandler(updateDefinition, (input: RequestInput | undefined) => answerUpdate(run, kind, input), {
    description,
    validator: (input: RequestInput | undefined) => throwRefusal(kind, refusalAtFirst(run, kind, input)),
  });
}

/** A signal has no answer, so a refusal becomes a warning in the report. */
function acceptSignal(run: Run, kind: RequestKind, input: RequestInput | undefined): void | Promise<void> {
  const request = sanitizeRequest(input);
  const settle = (refusal: string | undefined): void => {
    if (refusal === undefined) return;
    addWarnings(run, `${formatRequest(kind, input instanceof Unreadable ? {} : request)} ignored: ${refusal}`);
  };
  if (request.proof !== undefined) return acceptProven(run, kind, request).then(settle);
  const refusal = refusalAtFirst(run, kind, input);
  if (refusal === undefined) accept(run, kind, request);
  settle(refusal);
}

function answerUpdate(
  run: Run,
  kind: RequestKind,
  input: RequestInput | undefined,
): RequestAccepted | Promise<RequestAccepted> {
  const request = sanitizeRequest(input);
  if (request.proof === undefined) {
    accept(run, kind, request);
    return answer(run, kind);
  }
  return acceptProven(run, kind, request).then((refusal) => {
    throwRefusal(kind, refusal);
    return answer(run, kind);
  });
}

/** An approval that does not suffice says whose is needed yet. */
function answer({ state }: Run, kind: RequestKind): RequestAccepted {
  const isPartial = kind === 'approve' && state.gate?.approved === undefined;
  const needed = isPartial ? formatNeeded(buildReport(state).awaitingApproval) : undefined;
  const message = `${kind} accepted${needed === undefined ? '' : `; the promotion ${needed}`}`;
  return { stage: publicStage(state.stage), message };
}

function throwRefusal(kind: RequestKind, refusal: string | undefined): void {
  if (refusal !== undefined) throw ApplicationFailure.nonRetryable(`cannot ${kind}: ${refusal}`, 'RequestRefused');
}

/**
 * Why a request is refused before anything is asked. One that cannot be read is, but for an abort: whoever sends one wants the baseline. Who
 * has a proof may be somebody who may make it.
 */
function refusalAtFirst(run: Run, kind: RequestKind, input: RequestInput | undefined): string | undefined {
  if (input instanceof Unreadable && kind !== 'abort' && !run.isClosing) return unreadableMessage(input);
  const { proof, gateMs } = sanitizeRequest(input);
  const isProven = proof !== undefined;
  return refusalNow(run, kind, gateMs) ?? (isProven ? undefined : personRefusal(kind, run.state, undefined));
}

function unreadableMessage({ reason }: Unreadable): string {
  return `its message cannot be read: ${reason}`;
}

/** Messages come from people by hand: anything but text in the known fields is left out, and long text is cut. */
function sanitizeRequest(input: RequestInput | undefined): RequestInput {
  if (input instanceof Unreadable) return { reason: unreadableMessage(input) };
  const given: { readonly [Field in keyof RequestInput]?: unknown } =
    typeof input === 'object' && input !== null ? input : {};
  return defined({
    by: shortText(given.by, limits.requestBy),
    reason: shortText(given.reason, limits.requestReason),
    proof: shortText(given.proof, limits.proof),
    gateMs: typeof given.gateMs === 'number' ? given.gateMs : undefined,
  });
}

function shortText(value: unknown, length: number): string | undefined {
  return typeof value === 'string' ? cutText(value, length) : undefined;
}
