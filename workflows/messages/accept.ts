import {
  isUsedProof,
  personRefusal,
  refusalReason,
  withPerson,
  withRequest,
  withUsedProof,
  withVerifiedName,
} from '../../core/planner/accept-request.ts';
import { formatRequest } from '../../core/planner/requests.ts';
import type { HumanRequest, RequestKind } from '../../core/planner/requests.ts';
import type { VerifiedPerson } from '../../core/experiment/approvers.ts';
import { defined } from '../../core/text/defined.ts';
import type { RequestInput } from '../../contract/messages.ts';
import type { ActVerification } from '../../contract/proof.ts';
import { verifyAct } from '../activities.ts';
import { failureFacts } from '../failures.ts';
import { currentTimeMs } from '../run/clock.ts';
import { addWarnings, update } from '../run/run.ts';
import type { Run } from '../run/run.ts';

/** Why nobody's request of this kind applies now; undefined when it does. */
export function refusalNow({ isClosing, state }: Run, kind: RequestKind, gateMs?: number): string | undefined {
  return isClosing ? 'the experiment has ended' : refusalReason(kind, state, gateMs);
}

/** Carries out a request that applies, and returns it as it is recorded. */
export function accept(run: Run, kind: RequestKind, { by, reason }: RequestInput): HumanRequest {
  const made = { ...defined({ by, reason }), atMs: currentTimeMs() };
  update(run, withRequest(run.state, kind, made));
  return made;
}

/** Carries out the request of somebody who proves who that is, and returns why not, if it does not. */
export async function acceptProven(run: Run, kind: RequestKind, request: RequestInput): Promise<string | undefined> {
  const early = refusalNow(run, kind, request.gateMs);
  if (early !== undefined) return early;
  const needsName = personRefusal(kind, run.state, undefined) !== undefined;
  if (needsName) return acceptByName(run, kind, request);
  // The first abort is the one that counts.
  if (kind === 'abort' && run.state.abort !== undefined) return undefined;
  await acceptThenName(run, kind, request);
  return undefined;
}

/** A request that counts by the name of who makes it. */
async function acceptByName(run: Run, kind: RequestKind, request: RequestInput): Promise<string | undefined> {
  const atMs = currentTimeMs();
  const { gateMs = run.state.gate?.openedAtMs } = request;
  const proven = await prove(run, kind, request);
  if (proven.kind === 'refused') return proven.why;
  const refusal = refusalNow(run, kind, gateMs) ?? personRefusal(kind, run.state, proven.person);
  if (refusal === undefined) update(run, withRequest(run.state, kind, nameRequest(run, proven, atMs)));
  return refusal;
}

/** A request that counts whoever makes it does not wait for its proof: the name follows. */
function acceptThenName(run: Run, kind: RequestKind, request: RequestInput): Promise<void> {
  const made = accept(run, kind, request);
  const named = prove(run, kind, request).then((proven) => {
    if (proven.kind === 'verified') {
      update(run, withVerifiedName(run.state, { made, verified: nameRequest(run, proven, made.atMs) }));
    } else {
      addWarnings(run, `${formatRequest(kind, request)}: nobody has verified the name: ${proven.why}`);
    }
  });
  if (kind === 'abort') run.abortNamed = named;
  return named;
}

function nameRequest({ state }: Run, { person, reason }: Verified, atMs: number): HumanRequest {
  return withPerson({ ...defined({ reason }), atMs }, person, state.experiment?.approvers);
}

interface Verified {
  readonly kind: 'verified';
  readonly person: VerifiedPerson;
  readonly reason?: string;
}

/** The most proofs that are checked at a time: each is an activity, of which a run has a limited number. */
const mostOpenProofs = 20;

/** Checks the proof of a request. A proof counts once. */
async function prove(
  run: Run,
  kind: RequestKind,
  { proof = '' }: RequestInput,
): Promise<Verified | { readonly kind: 'refused'; readonly why: string }> {
  if (!isToken(proof)) return { kind: 'refused', why: 'its proof is refused: it is no signed token (JWT)' };
  if (run.openProofs >= mostOpenProofs) {
    return { kind: 'refused', why: `its proof is not checked: ${mostOpenProofs} others are being checked, ask again` };
  }
  const verification = await askVerification(run, kind, proof);
  if (verification.kind === 'refused') return { kind: 'refused', why: `its proof is refused: ${verification.why}` };
  const { id, person, reason } = verification;
  if (isUsedProof(run.state, id)) return { kind: 'refused', why: 'its proof has been used already' };
  update(run, withUsedProof(run.state, id, currentTimeMs()));
  return { kind: 'verified', person, ...defined({ reason }) };
}

/** Whether a text has the form of a JWT. */
function isToken(proof: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(proof);
}

async function askVerification(run: Run, request: RequestKind, proof: string): Promise<ActVerification> {
  const { workflowId, firstRunId } = run.state;
  run.openProofs += 1;
  try {
    return await verifyAct({ proof, workflowId, firstRunId, request, atMs: currentTimeMs() });
  } catch (error) {
    return { kind: 'refused', why: failureFacts(error).message };
  } finally {
    run.openProofs -= 1;
  }
}
