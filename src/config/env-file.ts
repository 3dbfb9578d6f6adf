/** Files of variables, one KEY=value per line, as env_file names them. */

export type EnvFileReading =
  | { readonly ok: true; readonly values: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly why: string };

/**
 * Blank lines and lines that begin with `#` say nothing; `export ` may stand first. Quotes round a whole value are
 * taken off, and in double quotes \n, \", \$ and \\ mean what they mean in a shell. Nothing else is interpreted.
 */
export function readEnvFile(text: string): EnvFileReading {
  const values: Record<string, string> = Object.create(null);
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const equals = content.indexOf('=');
    const key = content
      .slice(0, Math.max(0, equals))
      .replace(/^export\s+/, '')
      .trimEnd();
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      return { ok: false, why: `line ${index + 1} is not KEY=value` };
    }
    const value = unquote(content.slice(equals + 1).trimStart());
    if (value === undefined) return { ok: false, why: `line ${index + 1}: ${key} has no closing quotation` };
    if (value.includes('\0')) return { ok: false, why: `line ${index + 1}: ${key} contains a NUL character` };
    values[key] = value;
  }
  return { ok: true, values };
}

function unquote(value: string): string | undefined {
  const mark = value[0];
  if (mark !== '"' && mark !== "'") return value;
  if (value.length < 2 || !value.endsWith(mark)) return undefined;
  const inner = value.slice(1, -1);
  if (mark === "'") return inner;
  return inner.replace(/\\([n"$\\])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}
