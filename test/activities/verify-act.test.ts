import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyAct } from '../../activities/verify-act.ts';
import { createSigner } from '../../server/sign-act.ts';
import type { SignedAct } from '../../server/sign-act.ts';
import { newSigningKeys } from '../support/signing-keys.ts';

const [first, second, other] = [newSigningKeys(), newSigningKeys(), newSigningKeys()];
let folder: string;
let keysFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serin-verify-'));
  keysFile = join(folder, 'keys.pem');
  await writeFile(keysFile, `the old one\n${first.publicKey}\nthe new one\n${second.publicKey}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const act: SignedAct = {
  person: { user: 'ann', groups: ['sre'] },
  request: 'approve',
  reason: 'looks good',
  workflowId: 'experiment/default/a',
  firstRunId: 'run-1',
};

async function sign(changes: Partial<SignedAct> = {}, { privateKey } = second): Promise<string> {
  return (await createSigner(privateKey))({ ...act, ...changes });
}

async function verify(proof: string, changes: object = {}) {
  const { workflowId, firstRunId, request } = act;
  return verifyAct(keysFile, { proof, workflowId, firstRunId, request, atMs: Date.now(), ...changes });
}

describe('a proof', () => {
  test.each([
    ['the first', first],
    ['the second', second],
  ])('says who it is, signed with %s of the keys', async (_, keys) => {
    expect(await verify(await sign({}, keys))).toEqual({
      kind: 'verified',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      person: { user: 'ann', groups: ['sre'] },
      reason: 'looks good',
    });
  });

  test('has an id of its own', async () => {
    const ids = await Promise.all([sign(), sign()].map(async (proof) => (await verify(await proof)) as { id: string }));
    expect(ids[0]?.id).not.toBe(ids[1]?.id);
  });

  test.each<[string, () => Promise<string>, object, string]>([
    ['of another server', () => sign({}, other), {}, 'it is not signed by a server that the worker trusts'],
    ['for another experiment', () => sign({ workflowId: 'b' }), {}, 'unexpected "aud" claim value'],
    ['for another run', () => sign({ firstRunId: 'run-0' }), {}, 'it is for another run of this experiment'],
    ['for another request', () => sign({ request: 'pause' }), {}, 'it is for another request: pause'],
    ['that is too old', () => sign(), { atMs: Date.now() + 400_000 }, 'it is too old'],
    [
      'of the future',
      () => sign(),
      { atMs: Date.now() - 400_000 },
      '"iat" claim timestamp check failed (it should be in the past)',
    ],
    ['that is none', async () => 'ann', {}, 'Invalid Compact JWS'],
  ])('%s is refused', async (_, proof, changes, why) => {
    expect(await verify(await proof(), changes)).toEqual({ kind: 'refused', why });
  });

  test('that was changed is refused', async () => {
    const [header, , signature] = (await sign()).split('.');
    const claims = {
      iss: 'serin',
      sub: 'root',
      aud: act.workflowId,
      run: 'run-1',
      act: 'approve',
      groups: [],
      jti: '1',
    };
    const now = Math.floor(Date.now() / 1000);
    const forged = Buffer.from(JSON.stringify({ ...claims, iat: now, exp: now + 60 })).toString('base64url');
    expect(await verify(`${header}.${forged}.${signature}`)).toEqual({
      kind: 'refused',
      why: 'it is not signed by a server that the worker trusts',
    });
  });

  test('without a signature is refused', async () => {
    const [, claims] = (await sign()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await verify(`${header}.${claims}.`)).toMatchObject({ kind: 'refused' });
  });

  test('signed with the public key as if it were a password is refused', async () => {
    const { SignJWT } = await import('jose');
    const forged = await new SignJWT({ run: 'run-1', act: 'approve', groups: [] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ann')
      .sign(Buffer.from(second.publicKey));
    expect(await verify(forged)).toMatchObject({ kind: 'refused' });
  });

  test('counts for nothing where the worker trusts no server', async () => {
    expect(await verifyAct(undefined, { ...act, proof: await sign(), atMs: Date.now() })).toEqual({
      kind: 'refused',
      why: 'the worker trusts no server: SERIN_VERIFICATION_KEYS_FILE is not set',
    });
  });

  test('is tried again where the keys cannot be read', async () => {
    const asked = { ...act, proof: await sign(), atMs: Date.now() };
    await expect(verifyAct(join(folder, 'none.pem'), asked)).rejects.toThrow('ENOENT');
    await writeFile(join(folder, 'empty.pem'), 'nothing');
    await expect(verifyAct(join(folder, 'empty.pem'), asked)).rejects.toThrow('expected public keys as PEM');
  });
});
