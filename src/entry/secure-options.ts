// What the secure connections of a process share, from the files that a plan names. They have been looked at before.

import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { SecureOptions } from '../engine/connections/node-transport.ts';
import type { Tls } from '../plan/plan.ts';

/** One context for all clients: certificates are read and parsed once. */
export function secureOptions(options: Tls, isSecure: boolean): SecureOptions | null {
  if (!isSecure) return null;
  const { caFile, certFile, keyFile, passphrase, insecure } = options;
  return {
    insecure,
    context: tls.createSecureContext({
      ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
      ...(certFile === null ? {} : { cert: readFileSync(certFile) }),
      ...(keyFile === null ? {} : { key: readFileSync(keyFile) }),
      ...(passphrase === null ? {} : { passphrase }),
    }),
  };
}
