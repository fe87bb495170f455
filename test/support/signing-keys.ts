import { generateKeyPairSync } from 'node:crypto';

/** A new pair of keys as PEM, as docs/approvals.md makes one. */
export function newSigningKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
