import { test } from 'tap';
import { helpConfig, optionTable } from '../../src/config/help.js';
import { optionsOf, SECTION_KINDS } from '../../src/config/options.js';
import { problemsOf } from '../helpers/fake-surroundings.js';

test('the example is a right configuration without a warning', async (t) => {
  t.same(problemsOf(helpConfig()), []);
});

test('with every option switched on, only what a machine lacks and what is not served is told of', async (t) => {
  const lines = helpConfig().split('\n');
  const switchedOn = lines.map((line) => (/^;(?:\[|[a-z_.]+=)/.test(line) ? line.slice(1) : line)).join('\n');
  const files = ['server.pem', 'server.key', 'clients.pem'].map((name) => [`/etc/supd/${name}`, '']);
  const machine = {
    files: {
      ...Object.fromEntries(files),
      '/etc/default/example': 'A=1\n',
      '/srv/conf.d/a.conf': '[job:pack]\ncommand=a\n[job:backup]\ncommand=b\n',
    },
  };
  const told = problemsOf(switchedOn, machine).filter((line) => !/not served by this version yet/.test(line));
  t.same(
    told.map((line) => line.replace(/^supd\.conf:\d+: /, '')),
    [
      '[grpc_server] tls_cert: /etc/supd/server.pem holds no certificate as PEM',
      '[grpc_server] tls_key: /etc/supd/server.key holds no private key as PEM without a passphrase',
      '[grpc_server] tls_client_ca: /etc/supd/clients.pem holds no certificate as PEM',
      '[program:example] reload_command: must not be there beside reload_signal: one of them does it',
      '[program:example] depends_on: there is no program or group "zeo"',
      '[job:night] steps: a job has a command or steps, not both; make the command a job of its own',
      '[job:night] needs: has no effect: this job is no step of another',
      '[ctlplugin:example] a plugin of supervisorctl is Python, which supctl cannot load; its commands are missing there, and go on working in supervisorctl itself',
    ],
  );
});

test('every option has a line in the example and a row in the table', async (t) => {
  const example = helpConfig();
  const table = optionTable();
  for (const kind of SECTION_KINDS) {
    t.match(table, `### [${kind.kind}`);
    for (const [name, row] of optionsOf(kind)) {
      t.ok(example.includes(`\n;${name}=`) && table.includes(`| \`${name}\` |`), `${kind.kind} ${name}`);
      t.ok(row.doc.length > 5 && !row.doc.endsWith('.'), `${name} is described`);
    }
  }
});
