/** Users, groups, capabilities. */
import { didYouMean } from '../nearest.js';
import { quote } from '../problems.js';
import { strip } from '../whitespace.js';
import { accept, type Reader, refuse } from './read.js';
import { readWords } from './words.js';

/** capabilities(7), as setpriv(1) writes them: lower case, without "cap_". */
const CAPABILITIES: readonly string[] = (
  'audit_control audit_read audit_write block_suspend bpf checkpoint_restore chown dac_override dac_read_search ' +
  'fowner fsetid ipc_lock ipc_owner kill lease linux_immutable mac_admin mac_override mknod net_admin ' +
  'net_bind_service net_broadcast net_raw perfmon setfcap setgid setpcap setuid sys_admin sys_boot sys_chroot ' +
  'sys_module sys_nice sys_pacct sys_ptrace sys_rawio sys_resource sys_time sys_tty_config syslog wake_alarm'
).split(' ');

/** A name or a uid, as written. */
export const readUser: Reader<string> = (text, { surroundings }) => {
  if (surroundings.userExists(text)) return accept(text);
  return refuse(`there is no user ${quote(text)} on this machine; create it or name another`);
};

/** `user` or `user:group`, names or numbers, as written. */
export const readOwner: Reader<string> = (text, { surroundings }) => {
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  const group = colon < 0 ? undefined : text.slice(colon + 1);
  if (!surroundings.userExists(user)) {
    return refuse(`there is no user ${quote(user)} on this machine; right is user or user:group`);
  }
  if (group !== undefined && !surroundings.groupExists(group)) {
    return refuse(`there is no group ${quote(group)} on this machine; right is user or user:group`);
  }
  return accept(text);
};

export const readGroups: Reader<readonly string[]> = (text, { surroundings }) => {
  const groups = text
    .split(',')
    .map(strip)
    .filter((group) => group !== '');
  const unknown = groups.find((group) => !surroundings.groupExists(group));
  return unknown === undefined
    ? accept(groups)
    : refuse(`there is no group ${quote(unknown)} on this machine`);
};

/** Lower case, without "cap_". */
export const readCapabilities: Reader<readonly string[]> = (text, context) => {
  const words = readWords(text, context);
  if (!words.ok) return words;
  const names = words.value.map((word) => word.toLowerCase().replace(/^\+?(?:cap_)?/, ''));
  const unknown = names.find((name) => !CAPABILITIES.includes(name));
  if (unknown === undefined) return accept(names);
  return refuse(`${quote(unknown)} is not a capability${didYouMean(unknown, CAPABILITIES)}`);
};
