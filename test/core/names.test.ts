import fc from 'fast-check';
import { test } from 'tap';
import { resolveOne, resolveTargets, wholeGroup } from '../../src/core/names.js';

const named = (id: string) => {
  const [group = '', name = ''] = id.split(':');
  return { id, group, name };
};
const all = ['zeo:zeo', 'zope:instance1', 'zope:instance2', 'web:haproxy', 'other:haproxy'].map(named);
const groups = new Set(['zeo', 'zope', 'web', 'other', 'empty']);
const idsOf = (...targets: string[]) => resolveTargets(targets, all, groups).ids;

test('a name is the process of that name in the group of that name', async (t) => {
  t.same(idsOf('zeo'), ['zeo:zeo']);
  t.same(idsOf('zeo:zeo'), ['zeo:zeo']);
});

test('a short name means its process when only one group has it', async (t) => {
  t.same(idsOf('instance1'), ['zope:instance1']);
  t.equal(resolveOne('haproxy', all), undefined, 'two groups have one');
});

test('group:* and group: are the whole group, which may be empty', async (t) => {
  t.same(idsOf('zope:*'), ['zope:instance1', 'zope:instance2']);
  t.same(idsOf('zope:'), ['zope:instance1', 'zope:instance2']);
  t.same(resolveTargets(['empty:*'], all, groups), { ids: [], unknown: [] });
  t.equal(wholeGroup('zope:instance1'), undefined);
});

test('patterns match names and group:name', async (t) => {
  t.same(idsOf('instance*'), ['zope:instance1', 'zope:instance2']);
  t.same(idsOf('instance[2-9]'), ['zope:instance2']);
  t.same(idsOf('instance[!2]'), ['zope:instance1']);
  t.same(idsOf('*:haproxy'), ['web:haproxy', 'other:haproxy']);
  t.same(idsOf('z?o'), ['zeo:zeo']);
});

test('each process comes once, in the order of the targets', async (t) => {
  t.same(idsOf('instance2', 'zope:*', 'all').slice(0, 2), ['zope:instance2', 'zope:instance1']);
  t.equal(idsOf('instance2', 'zope:*', 'all').length, all.length);
});

test('what names nothing is told, as a process or as a group', async (t) => {
  t.same(resolveTargets(['nope', 'nope:*', 'zope:nope'], all, groups).unknown, [
    { target: 'nope', kind: 'process' },
    { target: 'nope:*', kind: 'group' },
    { target: 'zope:nope', kind: 'process' },
  ]);
});

test('any text is a target that can be looked for', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('*', '?', '[', ']', 'a', ':', '-', '!') })),
      (targets) => {
        resolveTargets(targets, all, groups);
      },
    ),
  );
});

test('a name that holds what is special in a pattern means itself first', async (t) => {
  const odd = [named('g:a[1]'), named('g:a1')];
  t.equal(resolveOne('g:a[1]', odd)?.id, 'g:a[1]');
  t.same(resolveTargets(['g:a[1]'], odd, new Set(['g'])).ids, ['g:a[1]']);
  t.same(resolveTargets(['g:a*'], odd, new Set(['g'])).ids, ['g:a[1]', 'g:a1']);
});
