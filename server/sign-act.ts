import { randomUUID } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';
import type { RequestKind } from '../core/planner/requests.ts';
import type { VerifiedPerson } from '../core/experiment/approvers.ts';
import { proofLimitMs } from '../core/planner/requests.ts';
import { defined } from '../core/text/defined.ts';
import { proofAlgorithm, proofIssuer } from '../contract/proof.ts';
import type { ActClaims } from '../contract/proof.ts';

/** A request of a person to one experiment. */
export interface SignedAct {
  readonly person: VerifiedPerson;
  readonly request: RequestKind;
  readonly reason?: string;
  readonly workflowId: string;
  readonly firstRunId: string;
}

/** Signs who makes a request, for the worker that carries it out. */
export type SignAct = (act: SignedAct) => Promise<string>;

/** Signs with a private key, Ed25519 as PEM (PKCS 8): `openssl genpkey -algorithm ed25519`. Fails where it is none. */
export async function createSigner(privateKey: string): Promise<SignAct> {
  const key = await importPKCS8(privateKey, proofAlgorithm);
  return async ({ person, request, reason, workflowId, firstRunId }) => {
    const claims = { run: firstRunId, act: request, groups: person.groups, ...defined({ reason }) } satisfies ActClaims;
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: proofAlgorithm })
      .setIssuer(proofIssuer)
      .setSubject(person.user)
      .setAudience(workflowId)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + proofLimitMs / 1000)
      .sign(key);
  };
}
