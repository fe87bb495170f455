import type { ApprovalGate, HumanRequest, RequestKind } from './requests.ts';
import type { ExperimentState } from './experiment-state.ts';
import { publicStage } from '../experiment/stage.ts';

/** Says why a request does not apply in the present state; undefined when it does. */
export function refusalReason(kind: RequestKind, state: ExperimentState): string | undefined {
  if (state.ending !== undefined) return `the experiment has ended: ${state.ending.outcome}`;
  switch (kind) {
    case 'abort':
      return undefined;
    case 'approve':
    case 'reject':
      return decisionRefusal(kind, state);
    case 'pause':
      return state.paused === undefined ? pauseRefusal(state) : 'the experiment is already paused';
    case 'resume':
      return state.paused === undefined ? 'the experiment is not paused' : undefined;
  }
}

function decisionRefusal(kind: 'approve' | 'reject', state: ExperimentState): string | undefined {
  if (state.gate === undefined) return `no approval gate is open, so there is nothing to ${kind} yet`;
  if (state.stage !== 'Running') return `the gate is closed: the experiment is ${publicStage(state.stage)}`;
  return undefined;
}

function pauseRefusal(state: ExperimentState): string | undefined {
  return state.stage === 'Finishing' ? 'the experiment is finishing; abort it to bring the traffic back' : undefined;
}

/** The state after an accepted request. A second abort, approval or rejection keeps the first one's reason and name. */
export function withRequest(state: ExperimentState, kind: RequestKind, request: HumanRequest): ExperimentState {
  switch (kind) {
    case 'abort':
      return { ...state, abort: state.abort ?? request };
    case 'approve':
      return withDecision(state, (gate) => ({ ...gate, approved: gate.approved ?? request }));
    case 'reject':
      return withDecision(state, (gate) => ({ ...gate, rejected: gate.rejected ?? request }));
    case 'pause':
      return { ...state, paused: request };
    case 'resume': {
      const { paused: _, ...resumed } = state;
      return resumed;
    }
  }
}

function withDecision(state: ExperimentState, decide: (gate: ApprovalGate) => ApprovalGate): ExperimentState {
  return state.gate === undefined ? state : { ...state, gate: decide(state.gate) };
}
