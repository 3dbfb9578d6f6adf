/** supervisor.*: the daemon, its configuration and its groups. */
import { asking, RpcFault } from '../faults.js';
import { alias, type Method, method } from '../method.js';
import { text } from '../params.js';
import { configStruct } from '../structs.js';

/** What supd is compatible with: clients decide by it what they may ask. */
const SUPERVISOR_VERSION = '4.2.5';
const API_VERSION = '3.0';

const getAPIVersion = method(
  'getAPIVersion',
  'string',
  'The version of this interface.',
  [],
  () => API_VERSION,
);

export const DAEMON_METHODS: readonly Method[] = [
  getAPIVersion,
  alias('getVersion', getAPIVersion),
  method(
    'getSupervisorVersion',
    'string',
    'The version of supervisord that supd stands in for, with its own after a plus sign.',
    [],
    ({ api, strict }) => (strict ? SUPERVISOR_VERSION : `${SUPERVISOR_VERSION}+supd.${api.daemon().version}`),
  ),
  method(
    'getIdentification',
    'string',
    'The identifier that the configuration gives to this daemon.',
    [],
    ({ api }) => api.daemon().identifier,
  ),
  method('getState', 'struct', 'The state of the daemon: statecode and statename.', [], () => ({
    // In any other state there is a fault instead.
    statecode: 1,
    statename: 'RUNNING',
  })),
  method('getPID', 'int', 'The process id of the daemon.', [], ({ api }) => api.daemon().pid),
  method('shutdown', 'boolean', 'Stops all processes, then ends the daemon.', [], ({ api, asked }) => {
    asking(undefined, () => api.shutdown(asked));
    return true;
  }),
  method(
    'restart',
    'boolean',
    'Stops all processes, reads the configuration again, and starts anew.',
    [],
    ({ api, asked }) => {
      asking(undefined, () => api.reload(asked));
      return true;
    },
  ),
  method(
    'reloadConfig',
    'array',
    'Reads the configuration again. Gives [[added, changed, removed]], names of groups each.',
    [],
    ({ api, asked }) => {
      const { added, changed, removed } = asking(undefined, () => api.reread(asked));
      return [[added, changed, removed]];
    },
  ),
  method(
    'addProcessGroup',
    'boolean',
    'Makes a configured group active.',
    [text('name', 'name of the group')],
    ({ api, asked }, name) => {
      asking(name, () => api.addGroup(name, asked));
      return true;
    },
  ),
  method(
    'removeProcessGroup',
    'boolean',
    'Takes a group whose processes are all stopped out of the active ones.',
    [text('name', 'name of the group')],
    ({ api, asked }, name) => {
      asking(name, () => api.removeGroup(name, asked));
      return true;
    },
  ),
  method(
    'getAllConfigInfo',
    'array',
    'The configuration of every process, as it was read last: an array of structs.',
    [],
    ({ api }) =>
      [...asking(undefined, () => api.configurations())]
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
        .map(configStruct),
  ),
  method(
    'sendRemoteCommEvent',
    'boolean',
    'Sends an event to all who listen for REMOTE_COMMUNICATION.',
    [text('type', 'type of the event'), text('data', 'its content')],
    ({ api, asked }, type, content) => {
      if (Buffer.byteLength(type) + Buffer.byteLength(content) > EVENT_MAX_BYTES)
        throw new RpcFault('INCORRECT_PARAMETERS', `an event holds ${EVENT_MAX_BYTES} bytes at most`);
      api.tellRemote(type, content, asked);
      return true;
    },
    { always: true },
  ),
];

/** Some thousands of events are kept. */
const EVENT_MAX_BYTES = 65_536;
