/** supd where other users can run it: a repository below /root is closed to them. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');
let shared: string | undefined;

/** The repository, or a copy until this process ends where the repository is closed to other users. */
export function openInstallation(): string {
  if (isOpen(repository)) return repository;
  if (shared === undefined) {
    const made = mkdtempSync(path.join(tmpdir(), 'supd-installation-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    shared = copyInstallation(path.join(made, 'supd'));
    execFileSync('chmod', ['-R', 'a+rX', made]);
  }
  return shared;
}

/** Copies what an installation holds to where nothing is yet. @returns the same path */
export function copyInstallation(to: string): string {
  for (const name of ['bin', 'conf', 'dist', 'package.json', 'node_modules/koffi', 'node_modules/@koromix']) {
    const from = path.join(repository, name);
    if (existsSync(from)) cpSync(from, path.join(to, name), { recursive: true, dereference: true });
  }
  return to;
}

/** May every user enter the directory, and list it? */
function isOpen(dir: string): boolean {
  const { mode } = statSync(dir);
  return (mode & 0o5) === 0o5 && (dir === '/' || isOpen(path.dirname(dir)));
}
