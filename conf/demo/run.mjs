// `npm run demo`: a Plone server in small under supd, from its start over a night to its end (../demo.conf).
// Runs until Ctrl-C; with --once (or DEMO_ONCE=1) until everything has been shown. Status 0 when all of it worked.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeDemo } from './setup.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const once = process.argv.includes('--once') || process.env.DEMO_ONCE === '1';
const TEXT = 'Bonjour';

// npm passes on the Ctrl-C that the terminal has already sent to everybody: only the first one counts.
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop.abort(name));
process.stdout.on('error', () => stop.abort('nobody reads this'));

const demo = await makeDemo();
const url = (name) => `http://127.0.0.1:${demo.ports[name]}`;
const place = /[^\w./-]/.test(demo.conf) ? `'${demo.conf}'` : demo.conf;
const command = (...words) => ['bin/supctl', '-c', place, ...words].join(' ');

let failed = false;
say(`A Plone server in small, in ${demo.dir} (removed at the end)`);
for (const note of demo.notes) say(`  ${note}`);
const supd = startSupd();
try {
  await show();
} catch (error) {
  // Ended before it was over: as it should be, except where everything was to be seen.
  failed = once || !stop.signal.aborted;
  if (!stop.signal.aborted) {
    say(`\ndemo: ${error.message}${tail('supd.out')}`);
  }
}
await endEverything();
process.exitCode = failed ? 1 : 0;

async function show() {
  say(`\n$ bin/supd -n -c ${place}`);
  await until('the site to answer', async () => {
    const pages = await Promise.all(['instance1', 'instance2', 'cache'].map((name) => get(`${url(name)}/`)));
    return pages.every(({ status }) => status === 200);
  });
  await until('all programs to be RUNNING', () => statuses().every(({ state }) => state === 'RUNNING'));
  await supctl('status');
  if (demo.drop) sayIdentities();
  await showPage();
  await supctl('job', 'run', 'nightly');
  await supctl('job', 'log', 'nightly');
  sayCopies();
  if (once) return;
  sayAddresses();
  await follow();
}

/** Written through one instance, read from the other. */
async function showPage() {
  const page = '/accueil';
  // Twice, so that zeopack finds something to do.
  for (const body of ['Bonj', TEXT]) {
    const { status } = await fetch(url('instance1') + page, { method: 'PUT', body, signal: stop.signal });
    if (status !== 201) throw new Error(`instance1 answered PUT ${page} with ${status}`);
  }
  // Each of these is another page to the cache, so each of them reaches an instance.
  let number = 0;
  const first = await until('instance2 to show the page', async () => {
    number += 1;
    const seen = await get(`${url('cache')}${page}?${number}`);
    return seen.instance === 'instance2' && seen;
  });
  if (!first.text.includes(TEXT)) throw new Error(`instance2 shows ${page} without "${TEXT}"`);
  const again = await get(`${url('cache')}${page}?${number}`);
  if (first.cache !== 'MISS' || again.cache !== 'HIT') {
    throw new Error(`the cache said ${first.cache}, then ${again.cache}, instead of MISS, then HIT`);
  }
  say(`\n${page} written through instance1, read through the cache from instance2: MISS, then HIT`);
}

/** What root can't be talked into believing: as whom they really run. */
function sayIdentities() {
  for (const { name, pid } of statuses()) {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (key) => new RegExp(`^${key}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1].replaceAll('\t', ' ');
    if (!field('Uid').startsWith(`${demo.drop.uid} `)) throw new Error(`${name} runs as ${field('Uid')}`);
    say(`${name}: Uid ${field('Uid')}, Gid ${field('Gid')}, Groups ${field('Groups')} (/proc/${pid}/status)`);
  }
}

function sayCopies() {
  const there = fs.readdirSync(path.join(demo.dir, 'serveur1'), { recursive: true }).sort();
  const copy = there.find((name) => name.endsWith('.fs'));
  if (!copy) throw new Error('no backup has arrived on the other host');
  if (!fs.readFileSync(path.join(demo.dir, 'serveur1', copy), 'utf8').includes(TEXT)) {
    throw new Error(`${copy} on the other host lacks the page`);
  }
  say(`\nOn the other host, ${demo.dir}/serveur1: ${there.filter((name) => /\.\w+$/.test(name)).join(' ')}`);
}

function sayAddresses() {
  say(`
Open
  ${url('cache')}/accueil   the site: cache, balancer, one of the instances, ZEO
  ${url('balancer')}/accueil   the same without the cache
  ${url('instance1')}/accueil   instance1 alone
  ${url('instance2')}/accueil   instance2 alone

Try, in ${root}${process.getuid() === 0 ? ', as root' : ''}
  ${command('status')}
  ${command('restart', 'instance1')}
  ${command('stop', 'instance2')}    (the site still answers)
  ${command('start', 'instance2')}
  ${command('tail', '-f', 'cache')}
  ${command('job', 'list')}
  ${command('job', 'run', 'nightly')}
  ${command('job', 'runs', 'nightly')}
  ${command('job', 'log', 'nightly')}
  kill -9 $(${command('pid', 'instance1')})    (it comes back)

Ctrl-C ends it all. Until then, what the programs write:
`);
}

function startSupd() {
  const out = fs.openSync(path.join(demo.dir, 'supd.out'), 'a');
  // A group of its own, so that Ctrl-C reaches this program alone; ends even if this program is killed.
  const argv = ['--pdeathsig', 'TERM', path.join(root, 'bin/supd'), '-n', '-c', demo.conf];
  const child = spawn('setpriv', argv, {
    cwd: demo.dir,
    env: { ...process.env, DEMO_DIR: demo.dir },
    detached: true,
    stdio: ['ignore', out, out],
  });
  fs.closeSync(out);
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(`${signal ?? `status ${code}`}`));
  });
  return { child, ended, running: () => child.exitCode === null && child.signalCode === null };
}

/** Runs supctl for all to see. @throws unless its status is 0 */
async function supctl(...words) {
  say(`\n$ ${command(...words)}`);
  const status = await runSupctl(words, { signal: stop.signal, stdio: 'inherit' });
  if (status !== 0) throw new Error(`supctl ${words.join(' ')}: status ${status}`);
}

/** A group of its own here too. @throws when `signal` ends it */
function runSupctl(words, { signal, stdio = 'ignore' } = {}) {
  return new Promise((resolve, reject) => {
    const argv = ['-c', demo.conf, ...words];
    const options = { detached: true, stdio: ['ignore', stdio, stdio], ...(signal ? { signal } : {}) };
    const child = spawn(path.join(root, 'bin/supctl'), argv, options);
    child.on('error', reject);
    child.on('exit', resolve);
  });
}

function statuses() {
  const argv = ['-c', demo.conf, 'status', '--json'];
  const { stdout, stderr } = spawnSync(path.join(root, 'bin/supctl'), argv, { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Shows the logs until somebody ends the demo, or supd. */
async function follow() {
  const names = statuses().map(({ name }) => name);
  const quit = new AbortController();
  const signal = AbortSignal.any([stop.signal, quit.signal]);
  const logs = runSupctl(['logs', '-f', ...names], { signal, stdio: 'inherit' }).catch(() => {});
  await Promise.race([supd.ended, aborted(stop.signal)]);
  quit.abort();
  await logs;
}

async function endEverything() {
  say(stop.signal.aborted ? `\n${stop.signal.reason}: ending everything` : '\nending everything');
  if (supd.running()) {
    const status = await runSupctl(['shutdown']).catch(() => 1);
    // supd did not listen yet
    if (status !== 0 && supd.running()) supd.child.kill('SIGTERM');
  }
  await Promise.race([supd.ended, pause(60_000, undefined, { ref: false })]);
  const left = ours();
  for (const { pid, words } of left) {
    failed = true;
    say(`still alive, killed: ${pid} ${words}`);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it has just ended
  }
  fs.rmSync(demo.dir, { recursive: true, force: true, maxRetries: 5 });
  if (!failed) say(`demo: ${once ? 'all worked, ' : ''}nothing is left`);
}

/** supd and all that has come of it: they have its DEMO_DIR, and nobody else has. */
function ours() {
  const mark = `DEMO_DIR=${demo.dir}`;
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environment = fs.readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const words = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return environment.includes(mark) ? [{ pid: Number(name), words }] : [];
      } catch {
        return []; // another user's, or it ended while we looked
      }
    });
}

async function get(address) {
  const answer = await fetch(address, { signal: AbortSignal.any([stop.signal, AbortSignal.timeout(5000)]) });
  const { headers, status } = answer;
  return {
    status,
    instance: headers.get('x-instance'),
    cache: headers.get('x-cache'),
    text: await answer.text(),
  };
}

/** The first answer of `look` that is true; what it throws counts as not yet. */
async function until(what, look) {
  let last = '';
  for (
    const end = Date.now() + 30_000;
    Date.now() < end;
    await pause(100, undefined, { signal: stop.signal })
  ) {
    if (!supd.running()) throw new Error(`supd has ended (${await supd.ended}) while waiting for ${what}`);
    try {
      const seen = await look();
      if (seen) return seen;
    } catch (error) {
      last = `: ${error.message}`;
    }
  }
  throw new Error(`not within 30 s: ${what}${last}`);
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', resolve, { once: true });
  });
}

function tail(name) {
  return `\n${fs.readFileSync(path.join(demo.dir, name), 'utf8').slice(-2000)}`;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
