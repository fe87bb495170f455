import {
  isUsedProof,
  personRefusal,
  refusalReason,
  withPerson,
  withProvenAbort,
  withRequest,
  withUsedProof,
} from '../../core/planner/accept-request.ts';
import { formatRequest } from '../../core/planner/requests.ts';
import type { HumanRequest, RequestKind } from '../../core/planner/requests.ts';
import type { VerifiedPerson } from '../../core/experiment/approvers.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestInput } from '../../contract/messages.ts';
import type { ActVerification } from '../../contract/proof.ts';
import { verifyAct } from '../activities.ts';
import { failureFacts } from '../failures.ts';
import { addWarnings, update } from '../run/run.ts';
import type { Run } from '../run/run.ts';

/** Why nobody's request of this kind applies now; undefined when it does. */
export function refusalNow({ isClosing, state }: Run, kind: RequestKind): string | undefined {
  return isClosing ? 'the experiment has ended' : refusalReason(kind, state);
}

/** Carries out a request that applies. */
export function accept(run: Run, kind: RequestKind, { by, reason }: RequestInput): void {
  carryOut(run, kind, { ...defined({ by, reason }), atMs: Date.now() });
}

/** Carries out the request of somebody who proves who that is, and returns why not, if it does not. */
export async function acceptProven(run: Run, kind: RequestKind, request: RequestInput): Promise<string | undefined> {
  const early = refusalNow(run, kind);
  if (early !== undefined) return early;
  if (kind === 'abort') return acceptProvenAbort(run, request);
  const proven = await prove(run, kind, request);
  if (proven.kind === 'refused') return proven.why;
  const refusal = refusalNow(run, kind) ?? personRefusal(kind, run.state, proven.person);
  if (refusal === undefined) carryOut(run, kind, proven.request);
  return refusal;
}

/** An abort counts whatever its proof is worth, and does not wait for it. */
async function acceptProvenAbort(run: Run, request: RequestInput): Promise<undefined> {
  accept(run, 'abort', request);
  const proven = await prove(run, 'abort', request);
  if (proven.kind === 'verified') update(run, withProvenAbort(run.state, proven.request));
  else addWarnings(run, `${formatRequest('abort', request)}: nobody has verified the name: ${proven.why}`);
  return undefined;
}

type Proven =
  | { readonly kind: 'verified'; readonly person: VerifiedPerson; readonly request: HumanRequest }
  | { readonly kind: 'refused'; readonly why: string };

/** The request with the name that its proof gives; a proof counts once. */
async function prove(run: Run, kind: RequestKind, { proof = '', reason }: RequestInput): Promise<Proven> {
  const atMs = Date.now();
  const { workflowId, firstRunId } = run.state;
  const asked = { proof, workflowId, firstRunId, request: kind, atMs };
  const verification = await verifyAct(asked).catch((error: unknown): ActVerification => {
    return { kind: 'refused', why: failureFacts(error).message };
  });
  if (verification.kind === 'refused') return { kind: 'refused', why: `its proof is refused: ${verification.why}` };
  const { id, person } = verification;
  if (isUsedProof(run.state, id)) return { kind: 'refused', why: 'its proof has been used already' };
  update(run, withUsedProof(run.state, id, atMs));
  const made = { ...defined({ reason: verification.reason ?? reason }), atMs };
  return { kind: 'verified', person, request: withPerson(made, person, run.state.experiment?.approvers) };
}

function carryOut(run: Run, kind: RequestKind, request: HumanRequest): void {
  update(run, withRequest(run.state, kind, request));
}
