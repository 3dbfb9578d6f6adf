import { test } from 'tap';
import { serverUrlOf } from '../../src/daemon/serverurl.js';
import { configOf } from '../helpers/fake-surroundings.js';

const urlOf = (text: string) => serverUrlOf(configOf(`[supd]\n${text}`));

test('the URL of programs names localhost where a server listens on every address', async (t) => {
  t.equal(urlOf(''), undefined);
  for (const port of ['*:9001', ':9001', '9001'])
    t.equal(urlOf(`[inet_http_server]\nport=${port}\n`), 'http://localhost:9001', port);
  t.equal(urlOf('[inet_http_server]\nport=[::1]:9001\n'), 'http://[::1]:9001');
  t.equal(urlOf('[inet_http_server]\nport=0.0.0.0:9001\n'), 'http://0.0.0.0:9001', 'as supervisord');
});
