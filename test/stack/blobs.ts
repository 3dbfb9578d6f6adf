/** Blobs in the site's database, as Plone's files and images would be. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { runAs } from './processes.js';
import { type Site, VENV } from './site.js';

const ADD = `
import sys, transaction, ZODB
from ZODB.blob import Blob
from ZEO.ClientStorage import ClientStorage
port, directory, count = sys.argv[1:]
database = ZODB.DB(ClientStorage(("127.0.0.1", int(port)), blob_dir=directory, shared_blob_dir=True, wait_timeout=30))
connection = database.open()
for number in range(int(count)):
    blob = Blob()
    with blob.open("w") as file:
        file.write(b"blob %d" % number * 100)
    connection.root()["blob-%d" % (len(connection.root()))] = blob
    transaction.commit()
connection.close()
database.close()
`;

/** Stores `count` new blobs through ZEO, each in a transaction of its own. */
export function addBlobs(site: Site, count: number): void {
  const blobs = path.join(site.dir, 'var/blobstorage');
  runAs('zope', [`${VENV}/bin/python`, '-c', ADD, String(site.ports.zeo), blobs, String(count)], site.dir);
}

/** Names of the stored blobs below var/blobstorage, in the order of their transactions. */
export function blobsOf(site: Site): readonly string[] {
  return readdirSync(path.join(site.dir, 'var/blobstorage'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.blob'))
    .sort((a, b) => path.basename(a).localeCompare(path.basename(b)));
}
