import { generateKeyPairSync } from 'node:crypto';
import { test } from 'tap';
import { configOf, loadText, problemsOf } from '../helpers/fake-surroundings.js';

/** Of a key that was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUKZ7xeseakif8ExiX0h/FW/uDAC0wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAgFw0yNjExMjYyMzU3NDFaGA8yMTI2MTEwMjIzNTc0MVow
DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBNOLGslD3yf
uVmgb7EokyOVQX5tRi2dmun4NHC1UNyRBE1Lqh5auE1XJW5jKUUr9eQJzAOFYGpS
F937LZrMsz6jUzBRMB0GA1UdDgQWBBRssRU28/PdrIkBcMow7aqTtJnjkTAfBgNV
HSMEGDAWgBRssRU28/PdrIkBcMow7aqTtJnjkTAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIFllBR8HkQls+T23VKlX2ab+to9fE9PU3SlYSpb/cv0O
AiEAg33uRsBHDNPZRyX+xLE7jGvVwrVrpCCRrqUoxt6oudM=
-----END CERTIFICATE-----
`;

test('an empty main section gives the defaults of supervisord', async (t) => {
  const { daemon, grpc, ctl, groups, jobs } = configOf('[supervisord]\n');
  t.same(daemon, {
    logfile: '/srv/supervisord.log',
    logfileMaxBytes: 50 * 1024 ** 2,
    logfileBackups: 10,
    logLevel: 'info',
    logFormat: 'text',
    pidfile: '/srv/supervisord.pid',
    umask: 0o22,
    nodaemon: false,
    silent: false,
    minfds: 1024,
    minprocs: 200,
    nocleanup: false,
    stripAnsi: false,
    childLogDir: '/tmp',
    environment: {},
    identifier: 'supervisor',
    compat: 'supd',
    strictPermissions: false,
  });
  t.same(grpc, { mode: 0o700, readonlyMode: 0o700 });
  t.same(ctl, { prompt: 'supervisor' });
  t.same([groups, jobs], [[], []]);
});

test('without a main section there is one error', async (t) => {
  t.same(problemsOf('[program:x]\ncommand=cat\n'), [
    'supd.conf: there is no section [supd] (or [supervisord])',
  ]);
});

test('[supd] and [supervisord] are one section; having both is told of, the later keys count', async (t) => {
  const text = '[supd]\nidentifier=a\nminfds=5\n[supervisord]\nidentifier=b\n';
  t.match(configOf(text).daemon, { identifier: 'b', minfds: 5 });
  t.same(problemsOf(text), [
    'supd.conf:4: [supervisord] means the same section as [supd] in supd.conf:1; both are read as one, the later keys count',
  ]);
});

test('[supctl] is [supervisorctl], and its paths become absolute', async (t) => {
  const { ctl } = configOf('[supd]\n[supctl]\nserverurl=unix://run/x.sock\nhistory_file=~/.h\nprompt=p\n');
  t.same(ctl, { serverurl: 'unix:///srv/run/x.sock', historyFile: '/home/zope/.h', prompt: 'p' });
});

test('a fault of the client section keeps no daemon from starting', async (t) => {
  const loaded = loadText('[supd]\n[supervisorctl]\nhistory_file=%(ENV_HOME)s/.h\n');
  t.ok(loaded.ok);
  t.match(loaded.problems, [{ severity: 'warning', line: 3, message: /the environment has no HOME/ }]);
});

test('relative paths start where supd is started', async (t) => {
  const machine = { cwd: '/opt/site', directories: ['/opt/site/var', '/data/log'] };
  const text =
    '[supd]\nlogfile=var/main.log\npidfile=../p.pid\ndirectory=/data\n[program:x]\ncommand=cat\nstdout_logfile=log/x.log\n';
  const { daemon, groups } = configOf(text, machine);
  t.match(daemon, { logfile: '/opt/site/var/main.log', pidfile: '/opt/p.pid', directory: '/data' });
  t.match(
    groups[0]?.processes[0]?.stdout.file,
    { path: '/data/log/x.log' },
    'a program starts in the directory of the daemon',
  );
});

test('what the command line says counts, and what the file says is checked all the same', async (t) => {
  const overrides = { loglevel: 'debug', nodaemon: 'true', identifier: '100%(x)s' };
  t.match(configOf('[supd]\nloglevel=warn\n', {}, overrides).daemon, {
    logLevel: 'debug',
    nodaemon: true,
    identifier: '100%(x)s',
  });
  const loaded = loadText('[supd]\nloglevel=wran\n', {}, { umask: '9' });
  t.match(loaded, {
    ok: false,
    problems: [
      { file: 'command line', line: 0, key: 'umask', message: /"9" is not a mode/ },
      { file: 'supd.conf', line: 2, key: 'loglevel', message: /did you mean warn\?/ },
    ],
  });
});

test('the environment is filled in twice by supervisord, and %% alone is understood too', async (t) => {
  const variables = (text: string, compat = '') =>
    configOf(`[supd]\n${compat}environment=A="${text}"\n`).daemon.environment.A;
  t.equal(variables('100%%%%'), '100%');
  t.equal(variables('100%%'), '100%');
  t.equal(variables('100%%%%', 'compat=strict\n'), '100%');
  t.match(problemsOf('[supd]\ncompat=strict\nenvironment=A="100%%"\n'), [/write %% for|is no item/]);
});

test('a port of the gRPC server needs certificates', async (t) => {
  t.same(problemsOf('[supd]\n[grpc_server]\nlisten=:9443\n'), [
    'supd.conf:3: [grpc_server] listen: needs tls_cert too: a port is served by TLS with client certificates only',
    'supd.conf:3: [grpc_server] listen: needs tls_key too: a port is served by TLS with client certificates only',
    'supd.conf:3: [grpc_server] listen: needs tls_client_ca too: a port is served by TLS with client certificates only',
  ]);
});

test('the files of TLS are looked into: each must hold what it is named for, and the key be that of the certificate', async (t) => {
  const lines = ['listen=:9443', 'tls_cert=/c.pem', 'tls_key=/k.pem', 'tls_client_ca=/a.pem'];
  const problems = (cert: string, key: string, ca: string) =>
    problemsOf(`[supd]\n[grpc_server]\n${lines.join('\n')}\n`, {
      files: { '/c.pem': cert, '/k.pem': key, '/a.pem': ca },
    });
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  t.same(problems(privateKey, CERTIFICATE, 'junk'), [
    'supd.conf:4: [grpc_server] tls_cert: /c.pem holds no certificate as PEM',
    'supd.conf:5: [grpc_server] tls_key: /k.pem holds no private key as PEM without a passphrase',
    'supd.conf:6: [grpc_server] tls_client_ca: /a.pem holds no certificate as PEM',
  ]);
  t.same(problems(CERTIFICATE, privateKey, CERTIFICATE), [
    "supd.conf:5: [grpc_server] tls_key: /k.pem is not the key of /c.pem, which is another one's certificate",
  ]);
});

test('unknown sections and keys are warnings with the nearest name', async (t) => {
  const text = '[supd]\nlogfle=x\n[progam:x]\ncommand=cat\n[program]\n[supd:x]\n[whatever]\n';
  t.same(problemsOf(text), [
    'supd.conf:2: [supd] logfle: there is no such option; ignored; did you mean logfile?',
    'supd.conf:3: [progam:x] there is no such section; ignored; did you mean [program:x]?',
    'supd.conf:5: [program] needs a name, as in [program:name]; ignored',
    'supd.conf:6: [supd:x] takes no name; ignored, did you mean [supd]?',
    'supd.conf:7: [whatever] there is no such section; ignored',
  ]);
  t.ok(loadText(text).ok);
});

test('[DEFAULT] gives keys to every section, and only a key that no section has is told of', async (t) => {
  const text =
    '[DEFAULT]\nstartsecs=7\nstartsec=8\n[supd]\n[program:x]\ncommand=cat\n[program:y]\ncommand=cat\nstartsecs=9\n';
  t.same(
    configOf(text).groups.map((group) => group.processes[0]?.startMs),
    [7000, 9000],
  );
  t.same(problemsOf(text), [
    'supd.conf:3: [DEFAULT] startsec: no section has an option "startsec"; ignored; did you mean startsecs?',
  ]);
});

test('a section or key given twice in one file is told of; the last key counts', async (t) => {
  const text = '[supd]\nminfds=1\nminfds=2\n[program:x]\ncommand=cat\n[program:x]\ncommand=dog\n';
  t.same(problemsOf(text), [
    'supd.conf:3: [supd] minfds: is given in line 2 already; the last one counts',
    'supd.conf:6: [program:x] begins again (first in line 4); both are read as one, the later keys count',
  ]);
  t.equal(configOf(text).daemon.minfds, 2);
  t.equal(configOf(text).groups[0]?.processes[0]?.command, 'dog');
});

test('keys that mean something to JavaScript do no harm', async (t) => {
  const loaded = loadText(
    '[supd]\n__proto__=x\nconstructor=y\n[__proto__]\nx=1\n[program:__proto__]\ncommand=cat\n',
  );
  t.ok(loaded.ok && loaded.config.groups[0]?.name === '__proto__');
});

test('every problem is told, by file and line', async (t) => {
  const text =
    '[program:b]\nstopsignal=X1\nstartsecs=x\n[supd]\nminfds=y\n[program:a]\ncommand=cat\numask=8\njunk\n';
  t.same(
    loadText(text).problems.map((problem) => problem.line),
    [1, 2, 3, 5, 8, 9],
  );
});
