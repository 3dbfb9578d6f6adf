/** Whom supd trusts when it is the client: NODE_EXTRA_CA_CERTS, which bin/supd keeps from Node for a faster start. */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** For the options of node:tls; none: Node's own. A file that can't be read adds nothing, as with Node. */
export function trustedCertificates(): { readonly ca?: string[] } {
  const file = process.env.SUPD_NODE_EXTRA_CA_CERTS;
  if (!file) return {};
  try {
    return { ca: [...rootCertificates, readFileSync(file, 'utf8')] };
  } catch {
    return {};
  }
}
