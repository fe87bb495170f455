import { createHash } from 'node:crypto';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';

/** Keeps a person's token in a cookie that only this server can read: the server itself keeps nothing. */
export interface Sessions {
  readonly seal: (token: string) => Promise<string>;
  /** Undefined for a cookie that is not this server's, or too old. */
  readonly open: (cookie: string) => Promise<string | undefined>;
}

/** How long a session lasts, seconds; the token in it may end earlier. */
export const sessionSeconds = 8 * 3600;

const cipher = { alg: 'dir', enc: 'A256GCM' } as const;

/** @param secret what all replicas of the server share; the key of the cookies is derived from it. */
export function sealedSessions(secret: string): Sessions {
  const key = createHash('sha256').update('serin session\n').update(secret).digest();
  return {
    seal: (token) =>
      new EncryptJWT({ token })
        .setProtectedHeader(cipher)
        .setIssuedAt()
        .setExpirationTime(`${sessionSeconds}s`)
        .encrypt(key),
    open: async (cookie) => {
      try {
        const { payload } = await jwtDecrypt(cookie, key, {
          contentEncryptionAlgorithms: [cipher.enc],
          keyManagementAlgorithms: [cipher.alg],
        });
        return typeof payload['token'] === 'string' ? payload['token'] : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
