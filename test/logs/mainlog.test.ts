import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { type MainLogOptions, openMainLog } from '../../src/logs/mainlog.js';
import { filesOf, scratchDir } from './scratch.js';

function optionsFor(t: Parameters<typeof scratchDir>[0], over: Partial<MainLogOptions> = {}): MainLogOptions {
  const file = path.join(scratchDir(t), 'supd.log');
  return { path: file, maxBytes: 0, backups: 0, level: 'info', format: 'text', echo: false, ...over };
}

/** Lets the test take place in that time zone. */
function inZone(t: Test, zone: string): void {
  const { TZ } = process.env;
  process.env.TZ = zone;
  t.teardown(() => {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });
}

const linesOf = (file: string) => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);

test('lines look like those of supervisord', async (t) => {
  // A zone in which it is never UTC's time, nor the same time twice.
  inZone(t, 'Asia/Kolkata');
  const options = optionsFor(t, { level: 'blather' });
  const log = openMainLog(options);
  const before = new Date();
  log.critical('c');
  log.error('e');
  log.warn('w');
  log.info("spawned: 'x' with pid 7");
  log.debug('50 % of "it"');
  log.trace('t');
  log.blather('b');
  log.close();
  const lines = linesOf(options.path);
  const stamped = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d),(\d{3}) (.*)$/;
  t.strictSame(
    lines.map((line) => stamped.exec(line)?.[8]),
    ['CRIT c', 'ERRO e', 'WARN w', "INFO spawned: 'x' with pid 7", 'DEBG 50 % of "it"', 'TRAC t', 'BLAT b'],
  );
  const parts = (stamped.exec(lines[0] as string) as RegExpExecArray).slice(1, 8).map(Number) as number[];
  const [year, month, day, hour, minute, second, ms] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(year, month - 1, day, hour, minute, second, ms).getTime();
  t.ok(at >= before.getTime() && at <= Date.now(), 'local time, to the millisecond');
});

test('levels below the one asked for are left out', async (t) => {
  const options = optionsFor(t, { level: 'warn' });
  const log = openMainLog(options);
  log.info('not this');
  log.warn('this');
  log.critical('and this');
  log.close();
  t.equal(linesOf(options.path).length, 2);
});

test('as JSON each line is an object with the level as a word and the time in UTC', async (t) => {
  const options = optionsFor(t, { format: 'json' });
  const log = openMainLog(options);
  log.warn('two\nlines');
  log.close();
  const [line] = linesOf(options.path);
  const entry = JSON.parse(line as string) as Record<string, string>;
  t.strictSame(Object.keys(entry).sort(), ['level', 'msg', 'time']);
  t.match(entry, { level: 'warn', msg: 'two\nlines', time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ });
});

test('it rotates at whole lines within its bound', async (t) => {
  const options = optionsFor(t, { maxBytes: 200, backups: 3 });
  const log = openMainLog(options);
  for (let i = 0; i < 12; i += 1) log.info(`line ${i} ${'x'.repeat(20)}`);
  log.close();
  const files = filesOf(options.path);
  t.equal(files.length, 4);
  for (const file of files) t.match(fs.readFileSync(file, 'utf8'), /^(\d{4}-.* INFO line \d+ x+\n)+$/);
});

test('it is reopened after somebody renamed it', async (t) => {
  const options = optionsFor(t);
  const log = openMainLog(options);
  log.info('old');
  fs.renameSync(options.path, `${options.path}.moved`);
  log.reopen();
  log.info('new');
  log.close();
  t.match(linesOf(options.path).join(), /INFO new$/);
  t.match(linesOf(`${options.path}.moved`).join(), /INFO old$/);
});

/** Runs a main log in a process of its own, so that its stdout can be seen. */
function runEchoing(logfile: string, stdio: 'pipe' | number) {
  const mainlog = new URL('../../src/logs/mainlog.js', import.meta.url).href;
  const code = `const { openMainLog } = await import('${mainlog}');
    const log = openMainLog({ path: '${logfile}', maxBytes: 0, backups: 0, level: 'info', format: 'text', echo: true });
    console.log('before'); log.info('said'); console.log('after'); log.close();`;
  const node = [process.execPath, ['--input-type=module', '-e', code]] as const;
  return spawnSync(...node, { stdio: ['ignore', stdio, 'inherit'], encoding: 'utf8' });
}

test('in the foreground every line is on stdout too, between others, also when that is a file', async (t) => {
  const { path: file } = optionsFor(t);
  t.match(runEchoing(file, 'pipe').stdout, /^before\n.* INFO said\nafter\n$/);
  const out = fs.openSync(`${file}.out`, 'w');
  runEchoing(file, out);
  fs.closeSync(out);
  t.match(fs.readFileSync(`${file}.out`, 'utf8'), /^before\n.* INFO said\nafter\n$/);
  t.equal(linesOf(file).length, 2, 'and both are in the file');
});

test('a log that is stdout itself is not echoed there again', async (t) => {
  t.match(runEchoing('/dev/stdout', 'pipe').stdout, /^before\n[^\n]* INFO said\nafter\n$/);
});
