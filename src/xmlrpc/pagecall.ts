/** A request for a page, or the change that one asks for, as HTTP. */
import { readBody } from './body.js';
import type { PageName, Pages } from './pages.js';
import type { Exchange } from './server.js';

/** A form of ours is far smaller. */
const FORM_MAX_BYTES = 16_384;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** A form, if there is one, or the HTTP status that refuses it; undefined: the client has left. */
type Sent = { readonly form?: URLSearchParams } | { readonly status: number } | undefined;

/** Whoever asks has come in. */
export async function answerPage(
  exchange: Exchange,
  name: PageName,
  open: () => Promise<Pages>,
): Promise<void> {
  const { options, answers, request, response, asking, asked } = exchange;
  const { method = '', url = '' } = request;
  if (!['GET', 'HEAD', 'POST'].includes(method)) return answers.refuse(response, 400);
  const sent: Sent = method === 'POST' ? await readForm(exchange) : {};
  if (!sent) return;
  if ('status' in sent) return answers.refuse(response, sent.status);
  asking.stage = 'running';
  await options.turns.take();
  const pages = await open();
  if (asking.isOver) return;
  const answer = await pages({
    name,
    query: new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? ''),
    ...sent,
    asked,
    bearer: JSON.stringify([options.door, asked.caller.uid ?? null]),
  });
  if (answer.status === 403)
    options.log.debug(`${asked.caller.door}: a change by the page was refused: no valid token`);
  asking.stage = 'leaving';
  if (!asking.isOver) answers.send(response, answer.type, answer.text, asking, answer);
}

async function readForm({ limits, room, request, asking }: Exchange): Promise<Sent> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== FORM_TYPE) return { status: 415 };
  const body = await readBody(request, Math.min(FORM_MAX_BYTES, limits.bodyBytes), room, asking);
  if (!body || 'status' in body) return body;
  const text = body.read();
  return text === undefined ? { status: 400 } : { form: new URLSearchParams(text) };
}
