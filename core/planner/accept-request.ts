import type { HumanRequest, RequestKind } from './requests.ts';
import type { ExperimentState } from './experiment-state.ts';

/** Why the request makes no sense now; undefined when it does. */
export function refusalReason(kind: RequestKind, state: ExperimentState): string | undefined {
  if (state.outcome !== undefined) return `the experiment has ended: ${state.outcome}`;
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
  if (state.gateOpenedAtMs === undefined) return `no approval gate is open, so there is nothing to ${kind} yet`;
  if (state.stage !== 'Running') return `the gate is closed: the experiment is ${state.stage}`;
  return undefined;
}

function pauseRefusal(state: ExperimentState): string | undefined {
  return state.stage === 'Finishing' ? 'the experiment is finishing; abort it to bring the traffic back' : undefined;
}

/** The state after an accepted request. A second abort keeps the first one's words. */
export function withRequest(state: ExperimentState, kind: RequestKind, request: HumanRequest): ExperimentState {
  switch (kind) {
    case 'abort':
      return { ...state, abort: state.abort ?? request };
    case 'approve':
      return { ...state, approved: state.approved ?? request };
    case 'reject':
      return { ...state, rejected: state.rejected ?? request };
    case 'pause':
      return { ...state, paused: request };
    case 'resume': {
      const { paused: _, ...resumed } = state;
      return resumed;
    }
  }
}
