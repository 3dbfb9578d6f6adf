/** Values as Python shows them, where supervisord puts one into a fault. */
import type { Value } from './codec/value.js';

/** Of str(). */
export function asText(value: Value): string {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : representation(value);
}

/** Of repr(). */
function representation(value: Value): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    return `${quote}${value.replace(/[\\\n\r\t]/g, (one) => JSON.stringify(one).slice(1, -1))}${quote}`;
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return representation(Buffer.from(value).toString('utf8'));
  if (Array.isArray(value)) return `[${value.map(representation).join(', ')}]`;
  const members = Object.entries(value).map(([key, one]) => `${representation(key)}: ${representation(one)}`);
  return `{${members.join(', ')}}`;
}
