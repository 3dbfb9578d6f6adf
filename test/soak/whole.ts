/** Are the logs of the writers whole? Each line has its writer's pid, its number, and a known length. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What is wrong with the log of `name` and its rotated files; '' when nothing is. @param cleared  it may have holes */
export function flawIn(dir: string, name: string, cleared: boolean): string {
  const generations = readdirSync(dir)
    .filter((file) => file === `${name}.out` || file.startsWith(`${name}.out.`))
    .sort((a, b) => generationOf(b) - generationOf(a));
  let [pid, number, length] = ['', 0, 0];
  for (const file of generations) {
    const lines = readFileSync(path.join(dir, file), 'utf8').split('\n');
    // A writer is at work: the last line may be on its way.
    const last = lines.pop();
    if (last !== '' && file !== `${name}.out`) return `${file} ends in the middle of a line`;
    for (const line of lines) {
      const [, writer = '', count = ''] = /^(\d+) (\d{9}) x*$/.exec(line) ?? [];
      if (writer === '') return `${file}: a torn line: ${JSON.stringify(line.slice(0, 120))}`;
      if (length > 0 && line.length !== length) return `${file}: a line of ${line.length} characters`;
      if (writer === pid && Number(count) !== number + 1 && !cleared)
        return `${file}: after line ${number} of ${pid} comes ${Number(count)}`;
      [pid, number, length] = [writer, Number(count), line.length];
    }
  }
  return generations.length === 0 ? `${name} has no log` : '';
}

function generationOf(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0);
}
