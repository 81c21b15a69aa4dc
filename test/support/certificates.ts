// A certificate authority, a server's certificate for localhost and the loopback addresses, and a client's, made by
// openssl for one test file; and beside them certificates of servers that nobody should trust: `selfSigned`, `expired` and
// `otherName`, each NAME.pem with NAME.key.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { writeInto } from './highwater.ts';

export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

export const CLIENT_NAME = 'highwater test client';

/** Paths of the PEM files, all in `directory`. */
export function makeCertificates(directory: string): Certificates {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = (name: string): string[] => ['-subj', `/CN=${name}`];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', ...subject('test CA'));

  const issue = (name: string, commonName: string, extensions: string, days = 2): void => {
    writeInto(directory, `${name}.ext`, extensions);
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject(commonName));
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-days', `${days}`, '-extfile', `${name}.ext`, '-out', `${name}.pem`],
    );
  };
  const localNames = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1';
  issue('server', 'localhost', `${localNames}\nextendedKeyUsage=serverAuth\n`);
  issue('expired', 'localhost', `${localNames}\n`, -1);
  issue('otherName', 'chat.example.com', 'subjectAltName=DNS:chat.example.com\n');
  const selfSigned = ['-keyout', 'selfSigned.key', '-out', 'selfSigned.pem', '-days', '2', '-addext', localNames];
  openssl('req', '-x509', ...newKey, ...selfSigned, ...subject('localhost'));
  issue('client', CLIENT_NAME, 'extendedKeyUsage=clientAuth\n');

  const file = (name: string): string => path.join(directory, name);
  return {
    ca: file('ca.pem'),
    serverCert: file('server.pem'),
    serverKey: file('server.key'),
    clientCert: file('client.pem'),
    clientKey: file('client.key'),
  };
}
