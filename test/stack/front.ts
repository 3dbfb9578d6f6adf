/** What the deployment has around it and supd does not supervise: Apache, and the other host's sshd. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { endProgram, startProgram } from './processes.js';
import { readConf, replaceAll, type Site } from './site.js';
import { until } from './until.js';

const MODULES = [
  'mpm_event',
  'authz_core',
  'alias',
  'ssl',
  'proxy',
  'proxy_http',
  'rewrite',
  'headers',
  'filter',
  'deflate',
];

export interface Front {
  /** The certificate that Apache shows. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** Apache with conf/apache-vhost.conf on the site's ports, and the sshd that save's files are behind. */
export async function openFront(site: Site): Promise<Front> {
  const dir = path.join(site.base, 'front');
  mkdirSync(dir);
  makeCertificate(dir);
  writeFileSync(path.join(dir, 'apache.conf'), apacheConf(site, dir));
  mkdirSync('/run/sshd', { recursive: true });
  const started: ChildProcess[] = [];
  const close = async () => {
    for (const child of started) await endProgram(child);
  };
  try {
    const sshd = ['/usr/sbin/sshd', '-D', '-e', '-f', '/opt/supd-stack/ssh/sshd_config'];
    started.push(startProgram([...sshd, '-p', String(site.ports.ssh)], path.join(dir, 'sshd.log')));
    const apache = ['/usr/sbin/apache2', '-f', path.join(dir, 'apache.conf'), '-D', 'FOREGROUND'];
    started.push(startProgram(apache, path.join(dir, 'apache.log')));
    for (const port of [site.ports.ssh, site.ports.https])
      await until(`port ${port} to open`, () => isOpen(port), 30);
  } catch (error) {
    await close();
    throw error;
  }
  return { certificate: readFileSync(path.join(dir, 'server.crt'), 'utf8'), close };
}

/** Does something listen on the loopback port? */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function makeCertificate(dir: string): void {
  const subject = ['-subj', '/CN=ssl.devagile', '-addext', 'subjectAltName=DNS:ssl.devagile'];
  const files = ['-keyout', path.join(dir, 'server.key'), '-out', path.join(dir, 'server.crt')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  execFileSync('openssl', [...request, ...subject, ...files], { stdio: 'ignore' });
}

function apacheConf({ ports }: Site, dir: string): string {
  const vhost = replaceAll(readConf('apache-vhost.conf'), [
    ['<VirtualHost *:80>', `<VirtualHost 127.0.0.1:${ports.http}>`],
    ['<VirtualHost *:443>', `<VirtualHost 127.0.0.1:${ports.https}>`],
    ['/etc/apache2/ssl', dir],
    ['http://127.0.0.1:8000/', `http://127.0.0.1:${ports.varnish}/`],
  ]);
  return `ServerRoot ${dir}
ServerName 127.0.0.1
PidFile ${dir}/apache.pid
Mutex pthread
User www-data
Group www-data
ErrorLog ${dir}/error.log
LogFormat "%h %t \\"%r\\" %>s" combined
Define APACHE_LOG_DIR ${dir}
Listen 127.0.0.1:${ports.http}
Listen 127.0.0.1:${ports.https}
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${vhost}`;
}
