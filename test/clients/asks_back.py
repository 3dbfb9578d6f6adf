"""A program that calls its own daemon by supervisor.childutils, as superlance's listeners do, and tells what it got."""
import os
import sys
import time

from supervisor import childutils

for name in sorted(os.environ):
    if name.startswith('SUPERVISOR_'):
        print('%s=%s' % (name, os.environ[name]))
rpc = childutils.getRPCInterface(os.environ)
# As httpok and memmon: what runs, who it is, and a restart of it.
for info in rpc.supervisor.getAllProcessInfo():
    print(info['group'], info['name'], info['statename'], info['pid'] > 0)
print(rpc.supervisor.getProcessInfo('other')['statename'])
print(rpc.supervisor.stopProcess('other'), rpc.supervisor.startProcess('other'))
print(rpc.supervisor.getProcessInfo('other')['statename'])
try:
    rpc.supervisor.startProcess('nobody')
except Exception as error:
    print(repr(error))
print(rpc.supervisor.getState(), rpc.supervisor.getIdentification())
print('done')
sys.stdout.flush()
while True:
    time.sleep(1000)
