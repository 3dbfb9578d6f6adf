"""Runs /usr/bin/supervisorctl many times without importing its modules anew: a process of its own for each request.

A line of input is a request: JSON of id, words, dir, env. stdin, stdout and stderr of the command are the files
dir/id.0, dir/id.1 and dir/id.2. A line of output is an answer: the id and the exit status (-1 after a signal).
"""
import json
import os
import runpy
import select
import sys

import importlib.metadata  # noqa: F401  the script's own
import supervisor.supervisorctl  # noqa: F401

SCRIPT = '/usr/bin/supervisorctl'


def become(request):
    base = '%s/%s' % (request['dir'], request['id'])
    os.setsid()
    os.chdir(request['cwd'])
    for fd, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY | os.O_CREAT), (2, os.O_WRONLY | os.O_CREAT)):
        opened = os.open('%s.%d' % (base, fd), flags, 0o600)
        os.dup2(opened, fd)
        os.close(opened)
    os.environ.clear()
    os.environ.update(request['env'])
    sys.argv = [SCRIPT] + request['words']
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, 'w', closefd=False)
    sys.stderr = open(2, 'w', closefd=False, buffering=1)
    status = 0
    try:
        runpy.run_path(SCRIPT, run_name='__main__')
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            status = end.code or 0
        else:
            print(end.code, file=sys.stderr)
            status = 1
    sys.stdout.flush()
    os._exit(status)


def main():
    poll = select.poll()
    poll.register(0, select.POLLIN)
    running = {}
    buffered = b''
    while True:
        for fd, _ in poll.poll():
            if fd != 0:
                poll.unregister(fd)
                os.close(fd)
                pid, id = running.pop(fd)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                print(id, max(code, -1), flush=True)
                continue
            piece = os.read(0, 65536)
            if not piece:
                return
            *lines, buffered = (buffered + piece).split(b'\n')
            for line in lines:
                request = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    become(request)
                opened = os.pidfd_open(pid)
                running[opened] = pid, request['id']
                poll.register(opened, select.POLLIN)


main()
