import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'tap';
import { fileSystem } from '../../src/config/files.js';

test('patterns match as with Python', async (t) => {
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'supd-files-')));
  t.teardown(() => rmSync(dir, { recursive: true }));
  for (const name of ['b.conf', 'a.conf', '.hidden.conf', 'x1.ini', 'x2.ini', 'a+b.conf', 'c[1].conf']) {
    writeFileSync(path.join(dir, name), '');
  }
  mkdirSync(path.join(dir, 'sub/deep'), { recursive: true });
  writeFileSync(path.join(dir, 'sub/s.conf'), '');
  writeFileSync(path.join(dir, 'sub/deep/d.conf'), '');
  const matches = (pattern: string) => fileSystem.glob(pattern, dir).map((file) => path.relative(dir, file));

  t.same(matches('*.conf'), ['a+b.conf', 'a.conf', 'b.conf', 'c[1].conf']);
  t.same(matches('?.conf'), ['a.conf', 'b.conf']);
  t.same(matches('x[12].ini'), ['x1.ini', 'x2.ini']);
  t.same(matches('x[!1].ini'), ['x2.ini']);
  t.same(matches('.*.conf'), ['.hidden.conf']);
  t.same(matches('**/*.conf'), ['sub/s.conf'], '** is one level');
  t.same(matches('sub/../a.conf'), ['a.conf']);
  t.same(matches('a+b.conf'), ['a+b.conf']);
  t.same(matches('c[[]1].conf'), ['c[1].conf']);
  t.same(matches('none*'), []);
  t.same(matches('none.conf'), []);
  t.same(matches('*'.repeat(30)).length > 0, true, 'many stars cost no time');
});

test('links are followed, and what is missing is not there', async (t) => {
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'supd-files-')));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const [file, link] = [path.join(dir, 'a.conf'), path.join(dir, 'link.conf')];
  writeFileSync(file, 'text\n');
  symlinkSync(file, link);
  t.equal(fileSystem.readText(link), 'text\n');
  t.equal(fileSystem.realPath(link), file);
  t.equal(fileSystem.realPath(path.join(dir, 'none')), path.join(dir, 'none'));
  t.same([fileSystem.exists(file), fileSystem.exists(path.join(dir, 'none'))], [true, false]);
  t.same(
    [fileSystem.isDirectory(dir), fileSystem.isDirectory(file), fileSystem.isDirectory('/none')],
    [true, false, false],
  );
});
