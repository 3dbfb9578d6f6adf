/** HTTP servers, RPC interfaces and plugins. */
import type { HttpServerSpec } from '../config.js';
import { omitUndefined } from '../omit-undefined.js';
import { CTL_PLUGIN, INET_HTTP_SERVER, RPC_INTERFACE, UNIX_HTTP_SERVER } from '../options/servers.js';
import { placeOf, type Reading, readOptions } from '../reader.js';
import type { Section, Sections } from '../sections.js';
import { kindOf } from './check-keys.js';

const USUAL_INTERFACE = 'supervisor.rpcinterface:make_main_rpcinterface';

export function compileHttpServers(reading: Reading, sections: Sections): readonly HttpServerSpec[] {
  return sections.all.flatMap((section): HttpServerSpec[] => {
    const kind = kindOf(section)?.kind;
    if (kind === 'unix_http_server') return [compileUnix(reading, section)];
    if (kind === 'inet_http_server') return [compileInet(reading, section)];
    return [];
  });
}

/** Their names. supervisord's own interface is the only one that there is. */
export function compileRpcInterfaces(reading: Reading, sections: Sections): readonly string[] {
  return sections.all
    .filter((section) => kindOf(section)?.kind === 'rpcinterface')
    .map((section) => {
      checkInterface(reading, section);
      return section.name ?? '';
    });
}

/** The sections that only a later version acts on. Faults of the client's own are no reason not to start. */
export function checkPlugins(reading: Reading, sections: Sections): void {
  for (const section of sections.all) {
    const kind = kindOf(section)?.kind;
    if (kind === 'ctlplugin') tellOfCtlPlugin(reading, section);
  }
}

function compileUnix(reading: Reading, section: Section): HttpServerSpec {
  const values = readOptions(reading, section, UNIX_HTTP_SERVER);
  checkCredentials(reading, section);
  return {
    section: section.header,
    kind: 'unix',
    address: values.file ?? '',
    chmod: values.chmod,
    ...omitUndefined({ chown: values.chown, username: values.username, password: values.password }),
  };
}

function compileInet(reading: Reading, section: Section): HttpServerSpec {
  const values = readOptions(reading, section, INET_HTTP_SERVER);
  checkCredentials(reading, section);
  return {
    section: section.header,
    kind: 'inet',
    address: values.port ?? '',
    ...omitUndefined({ username: values.username, password: values.password }),
  };
}

function checkCredentials(reading: Reading, section: Section): void {
  const given = ['username', 'password'].filter((key) => section.entries.has(key));
  if (given.length !== 1) return;
  const missing = given[0] === 'username' ? 'password' : 'username';
  reading.problems.error(
    placeOf(section, given[0]),
    `needs ${missing} too; leave both out for no authentication`,
  );
}

function checkInterface(reading: Reading, section: Section): void {
  const key = 'supervisor.rpcinterface_factory';
  const factory = readOptions(reading, section, RPC_INTERFACE)[key];
  if (factory === undefined || factory === USUAL_INTERFACE) return;
  reading.problems.error(
    placeOf(section, key),
    `"${factory}" is a plugin in Python, which supd can't serve; right is ${USUAL_INTERFACE}, or no such section`,
  );
}

/** A fault of the client's own is no reason not to start. */
function tellOfCtlPlugin(reading: Reading, section: Section): void {
  readOptions(reading, section, CTL_PLUGIN);
  reading.problems.warning(
    placeOf(section),
    'a plugin of supervisorctl is Python, which supctl cannot load; its commands are missing there, and go on working in supervisorctl itself',
  );
}
