"""Evaluates expressions on a daemon's XML-RPC interface, and shows each with its value as Python has it.

ask.py URL [USER PASSWORD]: a line of input is an expression in terms of `supervisor`, `system`, `server`, Binary,
DateTime, multi(...) and post(...). The transport is Python's own, on a unix socket too.
"""
import base64
import http.client
import pprint
import socket
import sys
import xmlrpc.client
from xmlrpc.client import Binary, DateTime, Fault, MultiCall, ProtocolError


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost')
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class UnixStreamTransport(xmlrpc.client.Transport):
    def __init__(self, path, headers):
        super().__init__(headers=headers)
        self.path = path

    def make_connection(self, host):
        if not self._connection or self._connection[0] != host:
            self._extra_headers = []
            self._connection = host, UnixConnection(self.path)
        return self._connection[1]


def connection():
    if url.startswith('unix://'):
        return UnixConnection(url[7:])
    return http.client.HTTPConnection(url[7:])


def post(body, path='/RPC2', method='POST'):
    """Status, content type and value of a request that no library would send."""
    asked = connection()
    asked.request(method, path, body, dict(authorization))
    answer = asked.getresponse()
    text = answer.read()
    asked.close()
    if answer.status != 200:
        return answer.status,
    try:
        return answer.status, answer.getheader('Content-Type'), xmlrpc.client.loads(text)
    except Fault as fault:
        return answer.status, answer.getheader('Content-Type'), fault


def call(method, *params):
    """The body of a call, its parameters as they are to be sent."""
    values = ''.join('<param>%s</param>' % one for one in params)
    return '<?xml version="1.0"?><methodCall><methodName>%s</methodName><params>%s</params></methodCall>' % (method, values)


def multi(*calls):
    return system.multicall([dict(methodName=name, params=list(params)) for name, *params in calls])


url = sys.argv[1]
authorization = []
if len(sys.argv) > 2:
    login = base64.b64encode(('%s:%s' % (sys.argv[2], sys.argv[3])).encode()).decode()
    authorization = [('Authorization', 'Basic ' + login)]
if url.startswith('unix://'):
    server = xmlrpc.client.ServerProxy('http://localhost', UnixStreamTransport(url[7:], authorization))
else:
    server = xmlrpc.client.ServerProxy(url, headers=authorization)
supervisor = server.supervisor
system = server.system

for line in sys.stdin:
    line = line.strip()
    print('>>>', line)
    try:
        pprint.pprint(eval(line), width=110)
    except Fault as fault:
        print('Fault %r %r' % (fault.faultCode, fault.faultString))
    except ProtocolError as error:
        print('ProtocolError %r %r' % (error.errcode, error.errmsg))
        server('close')()
    except Exception as error:
        print('%s %s' % (type(error).__name__, error))
        server('close')()
