import { test } from 'tap';
import { diffGroups } from '../../src/config/diff.js';
import { configOf } from '../helpers/fake-surroundings.js';

const groupsOf = (text: string) => configOf(`[supd]\n${text}`).groups;

test('groups that came, changed and went are named, in order', async (t) => {
  const before = groupsOf('[program:a]\ncommand=a\n[program:b]\ncommand=b\n[program:d]\ncommand=d\n');
  const after = groupsOf(
    '[program:a]\ncommand=a\n[program:d]\ncommand=x\n[program:f]\ncommand=f\n[program:c]\ncommand=c\n',
  );
  t.same(diffGroups(before, after), { added: ['c', 'f'], changed: ['d'], removed: ['b'] });
});

test('from a file to AUTO is a change', async (t) => {
  const before = groupsOf('[program:a]\ncommand=a\nstdout_logfile=/tmp/a\n');
  t.same(diffGroups(before, groupsOf('[program:a]\ncommand=a\n')).changed, ['a']);
});

test('one program more in a group is a change of the group', async (t) => {
  const programs = '[program:a]\ncommand=a\n[program:b]\ncommand=b\n';
  const before = groupsOf(`${programs}[group:g]\nprograms=a\n`);
  t.same(diffGroups(before, groupsOf(`${programs}[group:g]\nprograms=a,b\n`)), {
    added: [],
    changed: ['g'],
    removed: ['b'],
  });
});

test('what went to disk and back is the same', async (t) => {
  const groups = groupsOf('[program:a]\ncommand=a\nenvironment=A="1"\n');
  const again = JSON.parse(JSON.stringify(groups));
  t.same(diffGroups(again, groups), { added: [], changed: [], removed: [] });
});

test('the order of variables is no change', async (t) => {
  const before = groupsOf('[program:a]\ncommand=a\nenvironment=A="1",B="2"\n');
  t.same(diffGroups(before, groupsOf('[program:a]\ncommand=a\nenvironment=B="2",A="1"\n')).changed, []);
});
