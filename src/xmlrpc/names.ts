/** Names as supervisord's clients give them: exactly `name`, `group:name`, or `group:*` for a whole group. */
import type { Api, GroupView, MemberView } from '../api/api.js';
import { RpcFault } from './faults.js';

export interface Found {
  readonly group: GroupView;
  /** undefined: the whole group is meant. */
  readonly member?: MemberView;
}

/** @throws RpcFault BAD_NAME */
export function findNamed(api: Api, name: string): Found {
  const colon = name.indexOf(':');
  const groupName = colon < 0 ? name : name.slice(0, colon);
  const rest = colon < 0 ? name : name.slice(colon + 1);
  const group = api.groups().find((one) => one.name === groupName);
  if (!group) throw new RpcFault('BAD_NAME', name);
  if (colon >= 0 && (rest === '' || rest === '*')) return { group };
  const member = group.members.find((one) => one.name === rest);
  if (!member) throw new RpcFault('BAD_NAME', name);
  return { group, member };
}

/** One process. @throws RpcFault BAD_NAME, also for a whole group */
export function findMember(api: Api, name: string): MemberView {
  const { member } = findNamed(api, name);
  if (!member) throw new RpcFault('BAD_NAME', name);
  return member;
}

/** @throws RpcFault BAD_NAME */
export function findGroup(api: Api, name: string): GroupView {
  const group = api.groups().find((one) => one.name === name);
  if (!group) throw new RpcFault('BAD_NAME', name);
  return group;
}

/** `name` where the group is the process's own, else `group:name`. */
export function namespecOf({ group, name }: { readonly group: string; readonly name: string }): string {
  return group === name ? name : `${group}:${name}`;
}
