/** What is in the three PEM files of a TLS port, as far as it can be known before it is opened. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { placeOf, type Reading } from '../reader.js';
import type { Section } from '../sections.js';

export interface TlsFiles {
  readonly tls_cert: string | undefined;
  readonly tls_key: string | undefined;
  readonly tls_client_ca: string | undefined;
}

/** Says of each file that can be read what is wrong with it. One that this user may not read is supd's to judge, at its start. */
export function checkTlsFiles(reading: Reading, section: Section, files: TlsFiles): void {
  const certificate = read('tls_cert', 'certificate as PEM', (pem) => new X509Certificate(pem));
  const key = read('tls_key', 'private key as PEM without a passphrase', (pem) => createPrivateKey(pem));
  read('tls_client_ca', 'certificate as PEM', (pem) => new X509Certificate(pem));
  if (certificate && key && !certificate.checkPrivateKey(key))
    wrong('tls_key', `is not the key of ${files.tls_cert}, which is another one's certificate`);

  function read<T>(option: keyof TlsFiles, what: string, parse: (pem: string) => T): T | undefined {
    const file = files[option];
    if (file === undefined) return undefined;
    let pem: string;
    try {
      pem = reading.surroundings.readText(file);
    } catch {
      return undefined;
    }
    try {
      return parse(pem);
    } catch {
      // OpenSSL's words name nothing that could be mended.
      wrong(option, `holds no ${what}`);
      return undefined;
    }
  }

  function wrong(option: keyof TlsFiles, words: string): void {
    reading.problems.error(placeOf(section, option), `${files[option]} ${words}`);
  }
}
