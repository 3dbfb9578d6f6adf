"""Opens a database as Zope would, reads every object of it and looks for every blob; changes nothing.

    open-database.py DATA.FS [BLOBS]

Prints one line with what it counted and exits 0; or says what can't be read or lacks, and exits 1.
"""
import os
import sys

import ZODB.blob
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.serialize import referencesf
from ZODB.utils import oid_repr


def records(storage):
    """Of each object its id, the id of its last transaction, and its data."""
    more = None
    while len(storage) > 0:
        oid, serial, data, more = storage.record_iternext(more)
        yield oid, serial, data
        if more is None:
            break


def main(path, blobs=None):
    storage = FileStorage(path, read_only=True)
    files = ZODB.blob.FilesystemHelper(blobs) if blobs else None
    objects = found = 0
    wrong = []
    for oid, serial, data in records(storage):
        objects += 1
        try:
            referencesf(data)
        except Exception as error:
            wrong.append("object %s can't be read: %s" % (oid_repr(oid), error))
        if files and ZODB.blob.is_blob_record(data):
            if os.path.exists(files.getBlobFilename(oid, serial)):
                found += 1
            else:
                wrong.append("the blob of object %s is missing" % oid_repr(oid))
    if objects == 0:
        wrong.append("there is no object in it")
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    if wrong:
        sys.exit("%s: %d faults in %d objects" % (path, len(wrong), objects))
    names = sorted(DB(storage).open().root().keys())
    print(
        "opened: %d objects, %d blobs, %d bytes; root: %s"
        % (objects, found, os.path.getsize(path), ", ".join(names[:10]))
    )


main(*sys.argv[1:])
