/** A request for a page, or the change that one asks for, as HTTP. */
import { readBody } from './body.js';
import type { Pages, pageNamed } from './pages.js';
import type { Exchange } from './server.js';

/** A form of ours is far smaller. */
const FORM_MAX_BYTES = 16_384;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Whoever asks has come in. @param path  one of PAGES */
export async function answerPage(
  exchange: Exchange,
  name: NonNullable<ReturnType<typeof pageNamed>>,
  open: () => Promise<Pages>,
): Promise<void> {
  const { options, answers, request, response, asking, asked } = exchange;
  const { method = '', headers, url = '' } = request;
  if (!['GET', 'HEAD', 'POST'].includes(method)) return answers.refuse(response, 400);
  const form = method === 'POST' ? await readForm(exchange, headers['content-type']) : undefined;
  if (form !== undefined && typeof form !== 'object') {
    if (form !== 'gone') answers.refuse(response, form);
    return;
  }
  asking.stage = 'running';
  await options.turns.take();
  const pages = await open();
  if (asking.isOver) return;
  const answer = await pages({
    name,
    query: new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? ''),
    ...(form ? { form } : {}),
    asked,
    bearer: JSON.stringify([options.door, asked.caller.uid ?? null]),
  });
  if (answer.status === 403)
    options.log.debug(`${asked.caller.door}: a change by the page was refused: no valid token`);
  asking.stage = 'leaving';
  if (!asking.isOver) answers.send(response, answer.type, answer.text, asking, answer);
}

/** What the form has; the status that refuses it; or that the client has left. */
async function readForm(
  { limits, room, request, asking }: Exchange,
  type = '',
): Promise<URLSearchParams | number | 'gone'> {
  if (type.split(';')[0]?.trim().toLowerCase() !== FORM_TYPE) return 415;
  const body = await readBody(request, Math.min(FORM_MAX_BYTES, limits.bodyBytes), room, asking);
  if (!body) return 'gone';
  if ('status' in body) return body.status;
  const text = body.read();
  return text === undefined ? 400 : new URLSearchParams(text);
}
