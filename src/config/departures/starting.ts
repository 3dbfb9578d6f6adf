/** In which order, as whom and where programs start. */
import { readEnvironment } from '../environment.js';
import { placeOf } from '../reader.js';
import type { Section } from '../sections.js';
import { given, isTrue, numberOf, ofKinds, programsOf, type Rule, type Survey, wordsOf } from './rule.js';

export const starting: readonly Rule[] = [
  {
    name: 'group-priority',
    different: 'inside a group programs start by priority; supervisord goes by the order of programs= alone',
    advice: 'nothing to do where the priorities say what you mean',
    strict: true,
    find: (survey) =>
      ofKinds(survey, 'group')
        .filter((group) => !isAscending(prioritiesIn(group, survey)))
        .map((group) => placeOf(group, 'programs')),
  },
  {
    name: 'account-variables',
    different:
      'HOME, USER, LOGNAME and SHELL are those of the user; under supervisord they stay those of the daemon',
    advice: 'a program that needs other ones gets them by environment=HOME="…",USER="…"',
    strict: false,
    find: (survey) =>
      given(
        programsOf(survey).filter((one) => !setsAccount(one)),
        ['user'],
        isAnother(survey),
      ),
  },
  {
    name: 'relative-command',
    different:
      'a relative command is looked for in directory, where it is run; supervisord looks in its own directory first, and fails when it is not there too',
    advice: 'nothing to do; an absolute path is the same to both',
    strict: false,
    find: (survey) =>
      given(
        programsOf(survey).filter(({ entries }) => entries.has('directory')),
        ['command'],
        (command) => /^[^\s/"'%]\S*\//.test(command),
      ),
  },
  {
    name: 'foreground',
    different:
      'counts in the foreground too (nodaemon=true, or -n as under systemd), where supervisord ignores it',
    advice: 'see that relative paths, and the modes of files that programs make, are still right',
    strict: false,
    find: (survey) => {
      const daemon = ofKinds(survey, 'supd');
      const foreground = daemon.some(({ entries }) => isTrue(entries.get('nodaemon')?.strictValue));
      return [
        ...given(daemon, ['directory']),
        ...given(daemon, ['umask'], (umask) => foreground || !/^0*22$/.test(umask.trim())),
      ];
    },
  },
  {
    name: 'fcgi-in-group',
    different:
      'a FastCGI program in a group has its socket; under supervisord it is an ordinary program there',
    advice: 'nothing to do',
    strict: true,
    find: (survey) => {
      const feeders = new Set(ofKinds(survey, 'fcgi-program').map(({ name }) => name));
      return given(ofKinds(survey, 'group'), ['programs'], (value) =>
        wordsOf(value).some((one) => feeders.has(one)),
      );
    },
  },
];

function prioritiesIn(group: Section, survey: Survey): readonly number[] {
  const programs = ofKinds(survey, 'program', 'fcgi-program');
  return wordsOf(group.entries.get('programs')?.strictValue).flatMap((word) => {
    const member = programs.find(({ name }) => name === word);
    return member ? [numberOf(member.entries.get('priority')?.strictValue, 999)] : [];
  });
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] ?? 0));
}

function setsAccount({ entries }: Section): boolean {
  const read = readEnvironment(entries.get('environment')?.strictValue ?? '', true);
  return read.ok && 'HOME' in read.values && 'USER' in read.values;
}

/** A user other than that of the daemon, for whom supervisord and supd do nothing. */
function isAnother(survey: Survey): (user: string) => boolean {
  const own = ofKinds(survey, 'supd')[0]?.entries.get('user')?.strictValue;
  return (user) => user !== own;
}
