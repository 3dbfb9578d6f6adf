/** Python's xmlrpc.client: the daemon, its configuration, system.*, wrong calls, and calls while it shuts down. */
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { DOWN } from './held.js';
import { RPC, scenario } from './scenario.js';
import {
  asks,
  beginAsking,
  configures,
  daemonEnds,
  departing,
  finished,
  holds,
  states,
  writes,
} from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const ALL_OPTIONS = program('full', 'waits', {
  directory: '/tmp',
  user: 'root',
  exitcodes: '0,2,255',
  priority: 42,
  killasgroup: true,
  stopsignal: 'QUIT',
  stopwaitsecs: 5,
  startretries: 7,
  startsecs: 0,
  stdout_logfile: '%(here)s/%%(program_name)s.log',
  stdout_logfile_maxbytes: '1MB',
  stdout_logfile_backups: 3,
  stdout_capture_maxbytes: '1KB',
  stdout_events_enabled: true,
  stderr_syslog: true,
  serverurl: 'http://elsewhere:1',
});
const CONF =
  program('a', 'waits') +
  program('none', 'waits', { ...DOWN, stdout_logfile: 'NONE', stderr_logfile: 'NONE' }) +
  program('auto', 'waits', { ...DOWN, stdout_logfile: 'AUTO', stderr_logfile: 'AUTO', serverurl: 'AUTO' }) +
  program('joined', 'waits', { ...DOWN, redirect_stderr: true }) +
  program('copy', 'waits', { ...DOWN, process_name: '%(program_name)s%(process_num)d', numprocs: 2 }) +
  ALL_OPTIONS;

scenario('what the daemon says of itself', {
  conf: CONF,
  steps: [
    states({ a: 'RUNNING', full: 'RUNNING' }),
    asks(
      'supervisor.getAPIVersion()',
      'supervisor.getVersion()',
      'supervisor.getIdentification()',
      'supervisor.getState()',
      'type(supervisor.getPID()), supervisor.getPID() > 1',
      'supervisor.getAllConfigInfo()',
      "supervisor.sendRemoteCommEvent('type', 'data')",
      "supervisor.sendRemoteCommEvent('type', Binary(b'data'))",
      'system.listMethods()',
    ),
    departing('version', asks('supervisor.getSupervisorVersion()')),
    asks(
      '[(name, system.methodSignature(name)) for name in system.listMethods()]',
      "system.methodSignature('nothing')",
      "system.methodSignature('supervisor.nothing')",
      "system.methodSignature('')",
      "system.methodHelp('nothing')",
      'all(isinstance(system.methodHelp(name), str) for name in system.listMethods())',
    ),
  ],
});

scenario('several calls in one', {
  conf: CONF,
  steps: [
    states({ a: 'RUNNING', full: 'RUNNING' }),
    asks(
      'multi()',
      "multi(['supervisor.getAPIVersion'], ['supervisor.getState'], ['nothing'], ['supervisor.getProcessInfo', 'nobody'])",
      "multi(['supervisor.stopProcess', 'a'], ['supervisor.startProcess', 'a'], ['supervisor.startProcess', 'a'])",
      "multi(['supervisor.stopProcess', 'a', False])[0]",
    ),
    states({ a: 'STOPPED' }),
    asks(
      "multi(['system.multicall', []], ['system.listMethods'])[0]",
      'system.multicall([{}])',
      "system.multicall([{'params': []}])",
      "system.multicall([{'methodName': 'supervisor.getAPIVersion'}])",
      "system.multicall([{'methodName': 'supervisor.getAPIVersion', 'params': [1]}])",
      "system.multicall([{'methodName': 'supervisor.getAPIVersion', 'more': 1}])",
      "multi(['supervisor.startAllProcesses'], ['supervisor.stopAllProcesses', False])[0]",
      'list(MultiCall(server)())',
    ),
  ],
});

scenario('wrong calls are told', {
  conf: CONF,
  steps: [
    states({ a: 'RUNNING', full: 'RUNNING' }),
    asks(
      ...[
        'supervisor',
        'server.nothing',
        'server.supervisor.nothing',
        'server.supervisor.a.b',
        'server.other.getState',
      ]
        .slice(1)
        .map((name) => `${name}()`),
      'supervisor._update()',
      "post(call(''))",
      "post(call('supervisor'))",
      "post(call('supervisor.__class__'))",
      "post(call('.getState'))",
      "post(call('supervisor.'))",
      "post(call('supervisor.getProcessInfo.im_func'))",
      "supervisor.getAPIVersion('x')",
      'supervisor.getProcessInfo()',
      "supervisor.getProcessInfo('a', 'b')",
      "supervisor.startProcess('a', True, 1)",
      'supervisor.startProcess()',
      "supervisor.readProcessLog('a')",
      'supervisor.readLog(0)',
      "supervisor.signalProcess('a')",
      "supervisor.sendProcessStdin('a')",
      'supervisor.addProcessGroup()',
      "supervisor.sendRemoteCommEvent('x')",
      'system.methodHelp()',
      'system.listMethods(1)',
    ),
    asks(
      "post('nonsense')",
      "post('<a>')",
      'post(\'<?xml version="1.0"?><other/>\')',
      'post(\'<?xml version="1.0"?><methodCall><methodName>supervisor.getAPIVersion</methodName></methodCall>\')',
      "post('<methodCall><methodName>supervisor.getAPIVersion</methodName><params/></methodCall>')",
      "post('<methodCall><methodName>system.methodHelp</methodName><params><param><value>nothing</value></param></params></methodCall>')",
      "post(call('supervisor.getProcessInfo', '<value><int>nonsense</int></value>'))",
      "post(call('supervisor.getAPIVersion'), path='/RPC2/deeper')",
      "post(call('supervisor.getAPIVersion'), path='/RPC2x')",
      "post(call('supervisor.getAPIVersion'), path='/other')",
      "post(None, method='GET')",
      "post(call('supervisor.getAPIVersion'), method='PUT')",
      "post(None, path='/nothing', method='GET')",
      "post(None, path='/logtail/nobody', method='GET')",
      "post(None, path='/logtail/a/nothing', method='GET')",
      "post(None, path='/logtail/none', method='GET')",
    ),
    departing('a wrong type', asks('supervisor.startProcess(1)')),
    departing('a wrong type', asks("supervisor.getProcessInfo(['a'])")),
    departing('a wrong type', asks("supervisor.readProcessLog('a', 'x', 0)")),
    departing('a wrong type', asks("supervisor.readProcessLog('a', 0, '')")),
  ],
});

scenario('groups are read anew, added and removed', {
  conf: CONF,
  steps: [
    states({ a: 'RUNNING', full: 'RUNNING' }),
    asks(
      'supervisor.reloadConfig()',
      "supervisor.addProcessGroup('a')",
      "supervisor.removeProcessGroup('a')",
    ),
    configures(
      RPC +
        program('a', 'waits anew') +
        program('new', 'waits', DOWN) +
        section('group:g', { programs: 'new' }) +
        ALL_OPTIONS,
    ),
    asks(
      'supervisor.reloadConfig()',
      'supervisor.getAllConfigInfo()',
      "supervisor.addProcessGroup('g')",
      "supervisor.addProcessGroup('g')",
      "supervisor.addProcessGroup('new')",
      "supervisor.addProcessGroup('')",
      "supervisor.removeProcessGroup('nobody')",
      "supervisor.removeProcessGroup('a:*')",
      "supervisor.stopProcess('a')",
      "supervisor.removeProcessGroup('a')",
      "supervisor.removeProcessGroup('a')",
      "supervisor.getProcessInfo('a')",
      "supervisor.addProcessGroup('a')",
      "supervisor.removeProcessGroup('none')",
    ),
    states({ a: 'RUNNING' }),
    asks('supervisor.reloadConfig()', 'supervisor.getAllProcessInfo()', 'supervisor.getAllConfigInfo()'),
    configures('[broken\n'),
    departing('places in errors of XML-RPC', asks('supervisor.reloadConfig()')),
    asks('supervisor.getAllConfigInfo()'),
    configures(RPC + program('a', 'waits', { startsecs: 'soon' })),
    departing('places in errors of XML-RPC', asks('supervisor.reloadConfig()')),
  ],
});

const EVERY_CALL = [
  ...[
    'getAPIVersion()',
    'getVersion()',
    'getSupervisorVersion()',
    'getIdentification()',
    'getState()',
    'getPID()',
  ],
  ...['readLog(0, 0)', 'readMainLog(0, 0)', 'clearLog()', 'shutdown()', 'restart()', 'reloadConfig()'],
  ...["addProcessGroup('a')", "removeProcessGroup('a')", "getProcessInfo('a')", "getProcessInfo('nobody')"],
  ...[
    'getAllProcessInfo()',
    'getAllConfigInfo()',
    "startProcess('a')",
    "startProcessGroup('a')",
    'startAllProcesses()',
  ],
  ...["stopProcess('a')", "stopProcessGroup('a')", 'stopAllProcesses()', "signalProcess('a', 'HUP')"],
  ...["signalProcessGroup('a', 'HUP')", "signalAllProcesses('HUP')", "sendProcessStdin('a', '')"],
  ...["sendRemoteCommEvent('a', 'b')", "readProcessLog('a', 0, 0)", "readProcessStdoutLog('a', 0, 0)"],
  ...["readProcessStderrLog('a', 0, 0)", "tailProcessLog('a', 0, 1)", "tailProcessStdoutLog('a', 0, 1)"],
  ...[
    "tailProcessStderrLog('a', 0, 1)",
    "clearProcessLog('a')",
    "clearProcessLogs('a')",
    'clearAllProcessLogs()',
  ],
  ...[
    'nothing()',
    'getState(1)',
    'startProcess()',
    "signalProcessGroup('nobody', 'HUP')",
    'signalAllProcesses()',
  ],
].map((one) => `supervisor.${one}`);

for (const [name, call] of [
  ['shuts down', 'supervisor.shutdown()'],
  ['restarts', 'supervisor.restart()'],
] as const)
  scenario(`while it ${name} only system.* is answered`, {
    conf:
      program('slow', 'ends-once go', { stopwaitsecs: 100_000, priority: 9 }) +
      program('a', 'waits', { priority: 1 }),
    steps: [
      states({ a: 'RUNNING', slow: 'RUNNING' }),
      holds('slow.out', 'ready'),
      beginAsking('stop', "supervisor.stopProcess('slow')"),
      holds('slow.out', 'asked to end'),
      asks(call),
      asks(
        ...EVERY_CALL,
        'str(len(system.listMethods()))',
        "system.methodSignature('supervisor.getState')",
        "multi(['supervisor.getState'], ['system.methodSignature', 'system.listMethods'])",
      ),
      writes('go'),
      finished('stop'),
      ...(name === 'restarts' ? [states({ a: 'RUNNING', slow: 'RUNNING' })] : [daemonEnds]),
    ],
  });
