/** What becomes of output. */
import { given, isTrue, ofKinds, programsOf, type Rule } from './rule.js';

const LOGFILES = ['stdout_logfile', 'stderr_logfile'];
const SIZES = ['stdout_logfile_maxbytes', 'stderr_logfile_maxbytes'];

export const logs: readonly Rule[] = [
  {
    name: 'rotation',
    different:
      'a log is rotated at a line end, before it is larger than its bound; supervisord goes beyond and cuts lines in two',
    advice: 'nothing to do',
    strict: false,
    find: (survey) => {
      const programs = programsOf(survey);
      return [
        ...given(programs, SIZES, (size) => !isZero(size)),
        ...given(programs.filter(hasNoSize), LOGFILES, isFile),
      ];
    },
  },
  {
    name: 'log-device',
    different:
      'is written like any stream and never rotated; supervisord gives it up after its first piece unless maxbytes is 0, and the program hangs',
    advice: 'nothing to do; maxbytes=0 is right for both',
    strict: false,
    find: (survey) =>
      LOGFILES.flatMap((key) =>
        given(
          programsOf(survey).filter(({ entries }) => !isZero(entries.get(`${key}_maxbytes`)?.strictValue)),
          [key],
          (file) => /^\/(dev|proc)\//.test(file.trim()),
        ),
      ),
  },
  {
    name: 'syslog',
    different:
      'a line goes to syslog when it is whole, and clear works; with supervisord clear fails for these programs',
    advice: 'nothing to do',
    strict: false,
    find: (survey) => [
      ...given(programsOf(survey), ['stdout_syslog', 'stderr_syslog'], isTrue),
      ...given(programsOf(survey), LOGFILES, isSyslog),
    ],
  },
  {
    name: 'main-syslog',
    different: 'lines have the severity of their level in syslog; those of supervisord are all of one',
    advice: 'look at filters that go by severity',
    strict: false,
    find: (survey) => given(ofKinds(survey, 'supd'), ['logfile'], isSyslog),
  },
  {
    name: 'capture',
    different:
      'captured text makes no PROCESS_LOG events, and what a program writes last is logged even when it is short',
    advice: 'a listener to both kinds of events hears captured text once',
    strict: true,
    find: (survey) =>
      given(
        ofKinds(survey, 'program', 'fcgi-program'),
        ['stdout_capture_maxbytes', 'stderr_capture_maxbytes'],
        (size) => !isZero(size),
      ),
  },
  {
    name: 'strip-ansi',
    different:
      'takes out whole escape sequences of every kind, wherever reads split them; supervisord leaves some and damages text',
    advice: 'nothing to do',
    strict: false,
    find: (survey) => given(ofKinds(survey, 'supd'), ['strip_ansi'], isTrue),
  },
];

function isSyslog(file: string): boolean {
  return file.trim().toLowerCase() === 'syslog';
}

function isFile(file: string): boolean {
  return !/^(none|off|syslog|auto|)$/i.test(file.trim()) && !/^\/(dev|proc)\//.test(file.trim());
}

function isZero(size: string | undefined): boolean {
  return /^\s*0+\s*([kmg]b)?\s*$/i.test(size ?? '');
}

function hasNoSize({ entries }: { readonly entries: ReadonlyMap<string, unknown> }): boolean {
  return !SIZES.some((key) => entries.has(key));
}
