/**
 * What is odd in a configuration and supervisord takes: each text is one file, in which TELL stands for a command that
 * tells what it was started with. The name of a process is the name of its file.
 */
export interface Odd {
  readonly name: string;
  readonly text: string;
  /** Files beside it. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Names of the processes that there must be. */
  readonly processes: readonly string[];
}

const HEAD =
  '[supervisord]\nlogfile=%(here)s/log\npidfile=%(here)s/pid\nrundir=%(here)s/run\nstatedir=%(here)s/state\n';

/** One program for each way to write its command's words. */
function words(...ways: readonly string[]): Pick<Odd, 'text' | 'processes'> {
  const names = ways.map((_, index) => `w${index}`);
  return {
    text: HEAD + ways.map((way, index) => `[program:w${index}]\ncommand=TELL ${way}\n`).join(''),
    processes: names,
  };
}

/** One program for each way to write its environment. */
function variables(...ways: readonly string[]): Pick<Odd, 'text' | 'processes'> {
  const names = ways.map((_, index) => `e${index}`);
  return {
    text: HEAD + ways.map((way, index) => `[program:e${index}]\ncommand=TELL\nenvironment${way}\n`).join(''),
    processes: names,
  };
}

export const ODD: readonly Odd[] = [
  {
    name: 'words of a command',
    ...words(
      'a "b c" \'d e\' f\\ g h"i"j',
      '"a \\" b" \'a \\ b\' a\\\\b "a\\nb"',
      '$HOME ~ *.conf | cat > x && y',
      '"" \'\' "a"\'b\'',
      'a;b a#b',
      'a ;comment',
      'a #comment',
      '%%d 100%% %(program_name)s %(here)s',
      '%(group_name)s:%(process_num)02d %(host_node_name)s',
      'a\tb   c',
      'ünï €',
      '-x=1 --y:2 k=v',
      '"[x]" [y]',
      '%(ENV_ODD)s %(program_name)5s|%(program_name)-5s|%(program_name).1s',
    ),
  },
  {
    name: 'values over several lines',
    text: `${HEAD}[program:a]\ncommand = TELL\n  one\n\n    two\n# comment\n  ; comment\n  three\n\nenvironment=A="1",\n  B="2",\n\n  C="3"\nautostart : true\n[program:b]\ncommand: TELL\n\tx\n [program:no]\n`,
    processes: ['a', 'b'],
  },
  {
    name: 'lines that end with CR LF',
    text: `${HEAD}[program:a]\ncommand=TELL x\nenvironment=A="1",B="2"\n`.replaceAll('\n', '\r\n'),
    processes: ['a'],
  },
  { name: 'a file without a last newline', text: `${HEAD}[program:a]\ncommand=TELL last`, processes: ['a'] },
  {
    name: 'keys in other letters, and keys and sections that come twice',
    text: `${HEAD}[program:a]\nCOMMAND=TELL first\nCommand = TELL second\n[program:b]\ncommand=TELL b\n[program:a]\nenvironment=X="1"\nenvironment=Y="2"\n`,
    processes: ['a', 'b'],
  },
  {
    name: 'two environment keys of the daemon, as a recipe writes them',
    text: `${HEAD}environment=A="1"\nenvironment=B='2',SUPERVISOR_USERNAME='u',SUPERVISOR_PASSWORD=''\n[program:a]\ncommand=TELL\nenvironment=C=3\n`,
    processes: ['a'],
  },
  {
    name: '[DEFAULT] gives keys to all',
    text: `[DEFAULT]\nenvironment=D="default"\nautostart=true\n${HEAD}[program:a]\ncommand=TELL\n[program:b]\ncommand=TELL\nenvironment=B="own"\n`,
    processes: ['a', 'b'],
  },
  {
    name: 'comments of every kind',
    text: `; first\n# second\n  ; third\n${HEAD}[program:a] ; behind a header\ncommand=TELL a;b ;c #d\n;environment=A="1"\n#environment=B="1"\nenvironment=C="a;b"\t;x\n[program:b]junk\ncommand=TELL a;x y\n`,
    processes: ['a', 'b'],
  },
  {
    name: 'unknown keys and sections',
    text: `${HEAD}nonsense=1\n[nonsense]\na=1\n[program:a]\ncommand=TELL\nstart=yes\n[supervisor]\n[program]\ncommand=x\n`,
    processes: ['a'],
  },
  {
    name: 'variables',
    ...variables(
      '=A="1",B=\'2\',C=3',
      ' = A=a/b.c+d-e(f):g',
      '=A="a,b",B="c d"',
      '=A="1",',
      '=A="1" , B="2"',
      '=A="first",A="last"',
      '=A=""',
      '=A="say \'hi\'",B=\'say "hi"\'',
      '=A="x"# comment,B="2"',
      '=A="=",B="a=b"',
      '=PATH="/usr/bin:/bin:%(ENV_PATH)s"',
      '=A="%(program_name)s %(process_num)d %(ENV_ODD)s 100%%"',
      '=',
      '=A_1=1,b.c="2",D-E=3',
      '=A="back\\slash \\n"',
      '=A="$HOME ~"',
      '=A=~',
      '=SUPERVISOR_ENABLED="0",SUPERVISOR_PROCESS_NAME="mine"',
      '=A="ü"',
      '=A="  blanks  "',
      ':A="colon"',
      '=1A="digit"',
    ),
  },
  {
    name: 'separators that nobody checks',
    ...variables('=A=a b', '=A="1";B="2"', '=A=1 "x" B=2', '=A=$HOME', '=A==1'),
  },
  {
    name: 'the environment of the daemon is there to be filled in, a program’s own in its other options',
    text: `${HEAD}environment=G="global",H="x"\n[program:a]\ncommand=TELL %(ENV_G)s %(ENV_H)s %(ENV_A)s\nenvironment=A="own %(ENV_G)s",H="over"\ndirectory=%(ENV_D)s\n[program:b]\ncommand=TELL %(ENV_E)s\nenvironment=E="/"\ndirectory=%(ENV_E)s\n`.replace(
      'directory=%(ENV_D)s\n',
      '',
    ),
    processes: ['a', 'b'],
  },
  {
    name: 'copies',
    text: `${HEAD}[program:a]\ncommand=TELL %(process_num)s of %(numprocs)d\nprocess_name=%(program_name)s_%(process_num)02d\nnumprocs=3\nnumprocs_start=9\nenvironment=N="%(process_num)d"\n`,
    processes: ['a_09', 'a_10', 'a_11'],
  },
  {
    name: 'groups, blanks round names',
    text: `${HEAD}[program: a ]\ncommand=TELL %(program_name)s %(group_name)s\n[program:b]\ncommand=TELL %(group_name)s\n[group:g]\nprograms = b\n[group:empty]\n`,
    processes: ['a', 'b'],
  },
  {
    name: 'included files',
    text: `${HEAD}[program:a]\ncommand=TELL main %(here)s\n[include]\nfiles = conf.d/*.conf none/*.conf\n  more.ini\n`,
    beside: {
      'conf.d/10.conf':
        '[program:a]\ncommand=TELL ten %(here)s\n[program:b]\ncommand=TELL %(here)s\ndirectory=%(here)s\n',
      'conf.d/20.conf': '[program:a]\ncommand=TELL twenty\n[include]\nfiles=never.conf\n',
      'conf.d/.hidden.conf': '[program:hidden]\ncommand=TELL\n',
      'more.ini': '[supervisord]\nenvironment=M="more"\n',
      'never.conf': '[program:never]\ncommand=TELL\n',
    },
    processes: ['a', 'b'],
  },
  {
    name: 'values at the edge of their types',
    text: `${HEAD}umask=0o22\nloglevel=INFO\nlogfile_maxbytes= 1 kb\nminfds=+10\nminprocs=1_0\nnodaemon=ON\n[program:a]\ncommand=TELL\nautorestart=UNEXPECTED\nstopsignal=sigint\nexitcodes=0, 2\nstartsecs=-1\npriority=-5\nstdout_logfile_maxbytes=1 KB\numask=27\nstdout_logfile=Off\nstderr_logfile=NONE\nexitcodes=\n[program:b]\ncommand=TELL\nstopsignal= 15\nstdout_logfile=\nstderr_logfile=auto\nstopwaitsecs= 3\nuser=%(ENV_UID_OF_TEST)s\n`,
    processes: ['a', 'b'],
  },
];
