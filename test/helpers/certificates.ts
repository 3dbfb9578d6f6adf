/** Certificates as openssl(1) makes them: an authority, a server and clients, in a directory of the test's own. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Signed {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A self-signed authority. */
export function makeAuthority(dir: string, name: string): Signed {
  const made = { cert: path.join(dir, `${name}.pem`), key: path.join(dir, `${name}.key`) };
  openssl(
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    made.key,
    '-out',
    made.cert,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  );
  return made;
}

/** A certificate that `authority` has signed; days below 1 are over already. */
export function sign(
  authority: Signed,
  dir: string,
  subject: string,
  days = 2,
  address = '127.0.0.1',
): Signed {
  const name = subject.replace(/[^a-z0-9]+/gi, '-');
  const made = { cert: path.join(dir, `${name}.pem`), key: path.join(dir, `${name}.key`) };
  const request = path.join(dir, `${name}.csr`);
  const extensions = path.join(dir, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=IP:${address},DNS:localhost\n`);
  openssl('req', '-new', ...KEY, '-keyout', made.key, '-out', request, '-subj', subject);
  const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-extfile', extensions];
  const signIt = (...validity: readonly string[]) =>
    openssl('x509', '-req', '-in', request, ...by, '-out', made.cert, ...validity);
  if (days >= 1) signIt('-days', String(days));
  else signWhatIsOver(signIt, days);
  return made;
}

/** OpenSSL 3.4 and later refuses an end before the begin, and has words for both; 3.0 has not. */
function signWhatIsOver(signIt: (...validity: readonly string[]) => void, days: number): void {
  try {
    signIt('-not_before', '20200101000000Z', '-not_after', '20200102000000Z');
  } catch {
    signIt('-days', String(days));
  }
}

export function read({ cert, key }: Signed): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
