/** Users and groups as the system knows them (NSS: files, LDAP …), by getpwnam(3) and friends. */
import { libc, loadKoffi } from './libc.js';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** All groups, the primary one among them, as initgroups(3) would set them. */
  readonly groups: readonly number[];
}

interface Passwd {
  readonly pw_name: string;
  readonly pw_uid: number;
  readonly pw_gid: number;
  readonly pw_dir: string;
  readonly pw_shell: string;
}

let declared: ReturnType<typeof declare> | undefined;

function declare() {
  const koffi = loadKoffi();
  const lib = koffi.load('libc.so.6');
  const passwd = koffi.struct({
    pw_name: 'str',
    pw_passwd: 'void *',
    pw_uid: 'uint',
    pw_gid: 'uint',
    pw_gecos: 'void *',
    pw_dir: 'str',
    pw_shell: 'str',
  });
  const group = koffi.struct({ gr_name: 'str', gr_passwd: 'void *', gr_gid: 'uint', gr_mem: 'void *' });
  return {
    passwd,
    group,
    getpwnam: lib.func('getpwnam', 'void *', ['str']),
    getpwuid: lib.func('getpwuid', 'void *', ['uint']),
    getgrnam: lib.func('getgrnam', 'void *', ['str']),
    decode: (pointer: unknown, type: unknown) => koffi.decode(pointer, type as string) as unknown,
  };
}

const getgrouplist = libc('int getgrouplist(const char *user, uint group, void *groups, _Inout_ int *count)');

/**
 * The account of a user name or a uid.
 * @returns undefined when there is no such user
 */
export function findAccount(nameOrUid: string): Account | undefined {
  declared ??= declare();
  let found = declared.getpwnam(nameOrUid) as unknown;
  if (!found && /^\d+$/.test(nameOrUid)) found = declared.getpwuid(Number(nameOrUid)) as unknown;
  if (!found) return undefined;
  const entry = declared.decode(found, declared.passwd) as Passwd;
  return {
    name: entry.pw_name,
    uid: entry.pw_uid,
    gid: entry.pw_gid,
    home: entry.pw_dir,
    shell: entry.pw_shell,
    groups: groupsOf(entry.pw_name, entry.pw_gid),
  };
}

/** The gid of a group name, or of a number as it stands; undefined when there is no such group. */
export function findGroup(nameOrGid: string): number | undefined {
  declared ??= declare();
  const found = declared.getgrnam(nameOrGid) as unknown;
  if (found) return (declared.decode(found, declared.group) as { gr_gid: number }).gr_gid;
  return /^\d+$/.test(nameOrGid) ? Number(nameOrGid) : undefined;
}

function groupsOf(name: string, gid: number): readonly number[] {
  for (let room = 64; ; room *= 4) {
    const buffer = Buffer.alloc(room * 4);
    const count = [room];
    const result = getgrouplist(name, gid, buffer, count);
    if (result === -1 && room < 65536) continue;
    const found = Array.from({ length: Math.min(count[0] ?? 0, room) }, (_, i) => buffer.readUInt32LE(i * 4));
    return [...new Set(found)].sort((a, b) => a - b);
  }
}
