import { test } from 'tap';
import { type AskedIdentity, differences, type Identity } from '../../src/core/identity.js';
import type { RunAs } from '../../src/core/launch.js';

const zope: RunAs = { name: 'zope', uid: 500, gid: 500, groups: [500, 4], home: '/', shell: '/bin/sh' };
const nothing = { capabilities: [], noNewPrivileges: false, limits: {} };
const free = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY };
const right: Identity = {
  uids: [500, 500, 500, 500],
  gids: [500, 500, 500, 500],
  groups: [4, 500],
  capabilities: [],
  noNewPrivileges: false,
  nice: 0,
  umask: 0o22,
  limits: { nofile: free, nproc: free, core: free, memlock: free },
};

/** "!" before what it must not have. */
function told(
  seen: Partial<Identity>,
  launch: Partial<AskedIdentity['launch']> = {},
  gains = false,
): string[] {
  const asked = { runAs: zope, launch: { ...nothing, ...launch } };
  return differences(asked, { ...right, ...seen }, gains).map(({ what, isMore }) =>
    isMore ? `!${what}` : what,
  );
}

test('what is as it was asked is nothing to tell', async (t) => {
  t.strictSame(told({}), []);
  const all = { capabilities: ['net_bind_service'], noNewPrivileges: true, nice: 5, limits: { nofile: 100 } };
  const seen = {
    capabilities: ['net_bind_service'],
    noNewPrivileges: true,
    nice: 5,
    limits: { ...right.limits, nofile: { soft: 50, hard: 100 } },
  };
  t.strictSame(told(seen, all), []);
});

test('one wrong id of four is enough, and groups must be exactly those', async (t) => {
  t.strictSame(told({ uids: [500, 500, 0, 500] }), ['!uid 0 instead of 500']);
  t.strictSame(told({ gids: [500, 0, 500, 500] }), ['!gid 0 instead of 500']);
  t.strictSame(told({ groups: [0, 4, 500] }), ['!groups 0,4,500 instead of 4,500']);
  t.strictSame(told({ groups: [] }), ['!groups none instead of 4,500']);
});

test('more rights than asked are wrong, fewer are worth a word', async (t) => {
  t.strictSame(told({ capabilities: ['sys_admin'] }), ['!capabilities nobody gave it: sys_admin']);
  t.strictSame(told({}, { capabilities: ['net_raw'] }), ['without the capabilities net_raw']);
  t.strictSame(told({}, { noNewPrivileges: true }), ['!no_new_privileges is not in force']);
  t.strictSame(told({ nice: -5 }, { nice: 0 }), ['!nice -5 instead of 0']);
  t.strictSame(told({ nice: 7 }, { nice: 0 }), ['nice 7 instead of 0']);
  const limits = { ...right.limits, core: { soft: 0, hard: 10 } };
  t.strictSame(told({ limits }, { limits: { core: 5 } }), ['!limit_core 10 instead of 5']);
  t.strictSame(told({ limits }, { limits: { core: 'unlimited' } }), ['limit_core 10 instead of unlimited']);
});

test('what the program’s own file gives, or a capability allows, is no reason to end it', async (t) => {
  t.strictSame(told({ uids: [500, 0, 0, 0], capabilities: ['chown'] }, {}, true), []);
  t.strictSame(told({ uids: [7, 7, 7, 7] }, { capabilities: ['setuid'] }), [
    'without the capabilities setuid',
  ]);
  const limits = { ...right.limits, nofile: { soft: 900, hard: 900 } };
  const asked = { capabilities: ['sys_resource'], limits: { nofile: 100 } };
  t.strictSame(told({ limits, capabilities: ['sys_resource'] }, asked), ['limit_nofile 900 instead of 100']);
});

test('a program that stays what supd is may become whom it likes', async (t) => {
  const asked = { runAs: undefined, launch: nothing };
  t.strictSame(differences(asked, { ...right, uids: [7, 7, 7, 7], capabilities: ['chown'] }, false), []);
});
