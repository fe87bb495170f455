import { readFile } from 'node:fs/promises';
import { errors, importSPKI, jwtVerify } from 'jose';
import { z } from 'zod';
import { clockToleranceMs, proofLimitMs, requestKinds } from '../core/planner/requests.ts';
import { limits } from '../core/text/limits.ts';
import { defined } from '../core/text/defined.ts';
import { proofAlgorithm, proofIssuer } from '../contract/proof.ts';
import type { ActVerification, VerifyActInput } from '../contract/proof.ts';

const claims = z.object({
  sub: z.string().min(1).max(limits.requestBy),
  jti: z.string().min(1).max(100),
  run: z.string(),
  act: z.enum(requestKinds),
  groups: z.array(z.string()),
  reason: z.string().max(limits.requestReason).optional(),
});

/**
 * Checks a proof against the public keys of the servers that this worker trusts (PEM, one after another; the file is read anew each time,
 * since keys rotate). A proof counts for one request to one experiment, soon after it was made.
 */
export async function verifyAct(keysFile: string | undefined, input: VerifyActInput): Promise<ActVerification> {
  if (keysFile === undefined) return refused('the worker trusts no server: SERIN_VERIFICATION_KEYS_FILE is not set');
  const keys = await readKeys(keysFile);
  for (const key of keys) {
    const verification = await verifyWith(key, input);
    if (verification !== 'otherKey') return verification;
  }
  return refused('it is not signed by a server that the worker trusts');
}

function refused(why: string): ActVerification {
  return { kind: 'refused', why };
}

type Key = Awaited<ReturnType<typeof importSPKI>>;

/** The public keys in a text, each as PEM; what is between them says nothing. */
export function findPublicKeys(text: string): readonly string[] {
  return text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
}

/** The public keys in a file. Fails with what is wrong in it. */
async function readKeys(path: string): Promise<readonly Key[]> {
  const text = await readFile(path, 'utf8');
  const blocks = findPublicKeys(text);
  if (blocks.length === 0) throw new Error(`expected public keys as PEM, got none in ${path}`);
  return Promise.all(blocks.map((block) => importSPKI(block, proofAlgorithm)));
}

async function verifyWith(
  key: Key,
  { proof, workflowId, firstRunId, request, atMs }: VerifyActInput,
): Promise<ActVerification | 'otherKey'> {
  try {
    const { payload } = await jwtVerify(proof, key, {
      algorithms: [proofAlgorithm],
      issuer: proofIssuer,
      audience: workflowId,
      requiredClaims: ['iat', 'exp'],
      currentDate: new Date(atMs),
      maxTokenAge: proofLimitMs / 1000,
      clockTolerance: clockToleranceMs / 1000,
    });
    const { data } = claims.safeParse(payload);
    if (data === undefined) return refused('it does not say who asks for what');
    if (data.run !== firstRunId) return refused('it is for another run of this experiment');
    if (data.act !== request) return refused(`it is for another request: ${data.act}`);
    return {
      kind: 'verified',
      id: data.jti,
      person: { user: data.sub, groups: data.groups },
      ...defined({ reason: data.reason }),
    };
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return 'otherKey';
    if (error instanceof errors.JWTExpired) return refused('it is too old');
    if (error instanceof errors.JOSEError) return refused(error.message);
    throw error;
  }
}
