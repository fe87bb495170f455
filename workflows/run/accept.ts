import { isUsedProof, personRefusal, refusalReason } from '../../core/planner/accept-request.ts';
import { withPerson, withProvenAbort, withRequest, withUsedProof } from '../../core/planner/accept-request.ts';
import type { HumanRequest, RequestKind } from '../../core/planner/requests.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestInput } from '../../contract/messages.ts';
import type { ActVerification } from '../../contract/proof.ts';
import { verifyAct } from '../activities.ts';
import { failureFacts } from '../failures.ts';
import { update } from './run.ts';
import type { Run } from './run.ts';

/** Why nobody's request of this kind applies now; undefined when it does. */
export function refusalNow({ isClosing, state }: Run, kind: RequestKind): string | undefined {
  return isClosing ? 'the experiment has ended' : refusalReason(kind, state);
}

/** Carries out a request that applies. */
export function accept(run: Run, kind: RequestKind, { by, reason }: RequestInput): void {
  carryOut(run, kind, { ...defined({ by, reason }), atMs: Date.now() });
}

/**
 * Carries out the request of somebody who proves who that is, and returns why not, if it does not. An abort counts whatever its proof is
 * worth, and does not wait for it.
 */
export async function acceptProven(run: Run, kind: RequestKind, request: RequestInput): Promise<string | undefined> {
  const early = refusalNow(run, kind);
  if (early !== undefined) return early;
  const atMs = Date.now();
  if (kind === 'abort') accept(run, kind, request);
  const verification = await verify(run, { kind, atMs, proof: request.proof ?? '' });
  if (verification.kind === 'refused') return `its proof is refused: ${verification.why}`;
  const { id, person } = verification;
  if (isUsedProof(run.state, id)) return 'its proof has been used already';
  update(run, withUsedProof(run.state, id, atMs));
  const made = { ...defined({ reason: verification.reason ?? request.reason }), atMs };
  const named = withPerson(made, person, run.state.experiment?.approvers);
  if (kind === 'abort') return void update(run, withProvenAbort(run.state, named));
  const refusal = refusalNow(run, kind) ?? personRefusal(kind, run.state, person);
  if (refusal === undefined) carryOut(run, kind, named);
  return refusal;
}

function carryOut(run: Run, kind: RequestKind, request: HumanRequest): void {
  update(run, withRequest(run.state, kind, request));
}

interface Asked {
  readonly kind: RequestKind;
  readonly atMs: number;
  readonly proof: string;
}

async function verify({ state }: Run, { kind, atMs, proof }: Asked): Promise<ActVerification> {
  const { workflowId, firstRunId } = state;
  return verifyAct({ proof, workflowId, firstRunId, request: kind, atMs }).catch((error: unknown) => {
    return { kind: 'refused', why: failureFacts(error).message };
  });
}
