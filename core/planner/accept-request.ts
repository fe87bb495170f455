import { findApprover, formatApprovers } from '../experiment/approvers.ts';
import type { Approvers, VerifiedPerson } from '../experiment/approvers.ts';
import { defined } from '../text/defined.ts';
import { clockToleranceMs, formatRequest, proofLimitMs } from './requests.ts';
import type { ApprovalGate, HumanRequest, RequestKind } from './requests.ts';
import type { ExperimentState } from './experiment-state.ts';
import { publicStage } from '../experiment/stage.ts';

/**
 * Says why a request does not apply in the present state, whoever makes it; undefined when it does.
 * @param gateMs the gate that is meant, by when it was opened, as far as whoever asks has said it
 */
export function refusalReason(kind: RequestKind, state: ExperimentState, gateMs?: number): string | undefined {
  if (state.ending !== undefined) return `the experiment has ended: ${state.ending.outcome}`;
  if (kind === 'abort') return undefined;
  if (state.abort !== undefined) return formatRequest('the experiment is aborted', state.abort);
  switch (kind) {
    case 'approve':
    case 'reject':
      return decisionRefusal(kind, state) ?? gateRefusal(state, gateMs);
    case 'pause':
      return state.paused === undefined ? pauseRefusal(state) : 'the experiment is already paused';
    case 'resume':
      return state.paused === undefined ? 'the experiment is not paused' : undefined;
  }
}

function decisionRefusal(kind: 'approve' | 'reject', state: ExperimentState): string | undefined {
  if (kind === 'reject' && state.stage === 'Baking') return undefined;
  if (state.gate === undefined)
    return `no approval gate is open, so there is nothing to ${kind} yet${kind === 'reject' ? '; an abort brings the traffic back' : ''}`;
  if (state.stage !== 'Running') return `the gate is closed: the experiment is ${publicStage(state.stage)}`;
  return undefined;
}

/** A decision is about what somebody was asked; another version may lead by now. */
function gateRefusal({ gate }: ExperimentState, gateMs: number | undefined): string | undefined {
  if (gateMs === undefined || gate?.openedAtMs === gateMs) return undefined;
  return 'another promotion is asked about by now: look at it, and decide again';
}

/** Says why a person, where it is known who that is, may not make this request; undefined for those who may. */
export function personRefusal(
  kind: RequestKind,
  { experiment, gate }: ExperimentState,
  person: VerifiedPerson | undefined,
): string | undefined {
  const approvers = kind === 'approve' ? experiment?.approvers : undefined;
  if (approvers === undefined || gate?.approved !== undefined) return undefined;
  if (person === undefined) {
    return `the name must be verified, so that approvals come from serin's page or by SERIN_SERVER; approvers are ${formatApprovers(approvers)}`;
  }
  if (findApprover(approvers, person) === undefined) {
    return `${person.user} is none of the approvers: ${formatApprovers(approvers)}`;
  }
  if (gate?.approvals?.some(({ verified }) => verified?.user === person.user)) {
    return `${person.user} has approved already; ${approvers.count - gate.approvals.length} more must`;
  }
  return undefined;
}

function pauseRefusal(state: ExperimentState): string | undefined {
  return publicStage(state.stage) === 'Finishing'
    ? 'the experiment is finishing; abort it to bring the traffic back'
    : undefined;
}

/** The state with a proof that has been used, and without those that count no more. */
export function withUsedProof(state: ExperimentState, id: string, nowMs: number): ExperimentState {
  const usedProofs = (state.usedProofs ?? []).filter(({ untilMs }) => untilMs > nowMs);
  return { ...state, usedProofs: [...usedProofs, { id, untilMs: nowMs + proofLimitMs + clockToleranceMs }] };
}

/** Whether a proof has been used. */
export function isUsedProof({ usedProofs = [] }: ExperimentState, id: string): boolean {
  return usedProofs.some((used) => used.id === id);
}

/** The state with the verified name of who made a request that was carried out, as far as the state still tells of it. */
export function withVerifiedName(state: ExperimentState, { made, verified }: VerifiedRequest): ExperimentState {
  const named = (recorded: HumanRequest | undefined): HumanRequest | undefined =>
    recorded !== undefined && recorded === made ? verified : recorded;
  const { gate, bake } = state;
  return {
    ...state,
    ...defined({ abort: named(state.abort), paused: named(state.paused) }),
    ...(bake && { bake: { ...bake, ...defined({ rejected: named(bake.rejected) }) } }),
    ...(gate && {
      gate: { ...gate, ...defined({ approved: named(gate.approved), rejected: named(gate.rejected) }) },
    }),
  };
}

/** A request as it was carried out, and with the name that its proof gives. */
export interface VerifiedRequest {
  readonly made: HumanRequest;
  readonly verified: HumanRequest;
}

/** A request with who it is by. A group is named where it is what makes an approval count. */
export function withPerson(
  request: HumanRequest,
  { user, groups }: VerifiedPerson,
  approvers: Approvers | undefined,
): HumanRequest {
  const known = approvers && findApprover(approvers, { user, groups });
  return { ...request, by: user, verified: known ?? { user } };
}

/** The state after an accepted request. A second abort, approval or rejection keeps the first one's reason and name. */
export function withRequest(state: ExperimentState, kind: RequestKind, request: HumanRequest): ExperimentState {
  switch (kind) {
    case 'abort':
      return { ...state, abort: state.abort ?? request };
    case 'approve':
      return withDecision(state, (gate) => withApproval(gate, request, state.experiment?.approvers));
    case 'reject':
      return withRejection(state, request);
    case 'pause':
      return { ...state, paused: request };
    case 'resume': {
      const { paused: _, ...resumed } = state;
      return resumed;
    }
  }
}

/** A rejection is of what has been promoted, else of the promotion that people are asked about. */
function withRejection(state: ExperimentState, request: HumanRequest): ExperimentState {
  const { bake } = state;
  if (bake !== undefined) return { ...state, bake: { ...bake, rejected: bake.rejected ?? request } };
  return withDecision(state, (gate) => ({ ...gate, rejected: gate.rejected ?? request }));
}

/** An approval counts at once where nobody is named, else with the last of those that are needed. */
function withApproval(gate: ApprovalGate, request: HumanRequest, approvers: Approvers | undefined): ApprovalGate {
  if (gate.approved !== undefined) return gate;
  if (approvers === undefined) return { ...gate, approved: request };
  const approvals = [...(gate.approvals ?? []), request];
  return { ...gate, approvals, ...(approvals.length >= approvers.count ? { approved: request } : {}) };
}

function withDecision(state: ExperimentState, decide: (gate: ApprovalGate) => ApprovalGate): ExperimentState {
  return state.gate === undefined ? state : { ...state, gate: decide(state.gate) };
}
