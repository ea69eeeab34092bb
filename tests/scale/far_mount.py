#!/usr/bin/env python3
"""Mount a folder as if it were far away, and run a command there.

Usage: far_mount.py [--delay MS] [--request BYTES] [--counts FILE] FOLDER MOUNTPOINT COMMAND [ARGUMENT...]

The folder appears read-only below MOUNTPOINT while COMMAND runs. Every request to look up a name, to read a
folder or to read up to BYTES of a file takes MS milliseconds, but any number of them are under way at once, as
with a store that is reached over the network. FILE becomes a line of JSON:

    requests     how many there were
    round_trips  how many of them followed one another: a request is one round trip later than the latest reply
                 that was sent before it came. Times MS, this is what the command waited, on any machine.
    bytes        how much was read from files

This speaks the kernel's FUSE protocol itself; only fusermount3 is needed, which lets any user mount.
"""
import argparse
import errno
import heapq
import json
import os
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = (
    1, 2, 3, 14, 15, 17, 18, 25, 26, 27, 28, 29)
INTERRUPT, BATCH_FORGET = 36, 42
FAR = {LOOKUP, READDIR, READ}
SILENT = {FORGET, INTERRUPT, BATCH_FORGET}
ASYNC_READ, MAX_PAGES = 1 << 0, 1 << 22
PAGE = 4096
FOREVER = 1 << 30  # seconds
HEADER = struct.Struct('<IIQQIIII')


class Far:
    def __init__(self, fd, folder, request, background):
        self.fd = fd
        self.request = request
        self.background = background, background * 3 // 4  # from the second on, the kernel drops read-ahead
        self.paths = [None, folder]  # by node; 1 is the root
        self.nodes = {folder: 1}
        self.files = {}
        self.n_requests = self.n_bytes = self.latest = 0

    def attributes(self, node):
        st = os.stat(self.paths[node])
        times = int(st.st_atime), int(st.st_mtime), int(st.st_ctime)
        return struct.pack('<6Q10I', node, st.st_size, -(-st.st_size // 512), *times, 0, 0, 0, st.st_mode & ~0o222,
                           st.st_nlink, st.st_uid, st.st_gid, 0, PAGE, 0)

    def look_up(self, node, body):
        path = os.path.join(self.paths[node], os.fsdecode(body[:-1]))
        os.stat(path)
        if path not in self.nodes:
            self.nodes[path] = len(self.paths)
            self.paths.append(path)
        found = self.nodes[path]
        return struct.pack('<4QII', found, 0, FOREVER, FOREVER, 0, 0) + self.attributes(found)

    def open(self, node, body):
        fd = os.open(self.paths[node], os.O_RDONLY)
        self.files[fd] = fd
        return struct.pack('<QII', fd, 0, 0)

    def open_folder(self, node, body):
        handle = 1 << 32 | node
        self.files[handle] = [name for name in os.listdir(self.paths[node])]
        return struct.pack('<QII', handle, 0, 0)

    def read(self, node, body):
        handle, offset, size = struct.unpack_from('<QQI', body)
        data = os.pread(self.files[handle], size, offset)
        self.n_bytes += len(data)
        return data

    def read_folder(self, node, body):
        handle, offset, size = struct.unpack_from('<QQI', body)
        out = b''
        for i, name in list(enumerate(self.files[handle]))[offset:]:
            path = os.path.join(self.paths[node], name)
            name = os.fsencode(name)
            kind = stat.S_IFMT(os.stat(path).st_mode) >> 12
            entry = struct.pack('<QQII', self.nodes.get(path, 1 << 40 | i), i + 1, len(name), kind) + name
            entry += bytes(-len(entry) % 8)
            if len(out) + len(entry) > size:
                break
            out += entry
        return out

    def release(self, node, body):
        handle, = struct.unpack_from('<Q', body)
        fd = self.files.pop(handle)
        if isinstance(fd, int):
            os.close(fd)
        return b''

    def begin(self, node, body):
        major, minor, read_ahead, flags = struct.unpack_from('<4I', body)
        return struct.pack('<4IHHIIHH8I', 7, min(minor, 31), min(read_ahead, self.request), flags & (ASYNC_READ | MAX_PAGES),
                           *self.background, PAGE, 1, self.request // PAGE, 0, *[0] * 8)

    def answer(self, operation, node, body):
        """Returns an errno, or 0, and what is answered."""
        does = {
            LOOKUP: self.look_up,
            GETATTR: lambda node, body: struct.pack('<QII', FOREVER, 0, 0) + self.attributes(node),
            OPEN: self.open,
            READ: self.read,
            STATFS: lambda node, body: struct.pack('<5Q10I', 0, 0, 0, 0, 0, PAGE, 255, PAGE, *[0] * 7),
            RELEASE: self.release,
            FLUSH: lambda node, body: b'',
            INIT: self.begin,
            OPENDIR: self.open_folder,
            READDIR: self.read_folder,
            RELEASEDIR: self.release,
        }.get(operation)
        if not does:
            return errno.ENOSYS, b''
        try:
            return 0, does(node, body)
        except OSError as e:
            return e.errno, b''

    def serve(self, delay):
        """Answers until the folder is unmounted."""
        due = []  # replies: when, number, round trip, bytes
        while True:
            wait = max(0, due[0][0] - time.monotonic()) if due else None
            if not select.select([self.fd], [], [], wait)[0]:
                _, _, latest, reply = heapq.heappop(due)
                self.latest = max(self.latest, latest)
                self.send(reply)
                continue
            try:
                message = os.read(self.fd, PAGE * 64)
            except OSError as e:
                if e.errno == errno.ENODEV:
                    return
                if e.errno in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                    continue
                raise
            _, operation, unique, node, *_ = HEADER.unpack_from(message)
            if operation in SILENT:
                continue
            error, body = self.answer(operation, node, message[HEADER.size:])
            reply = struct.pack('<IiQ', 16 + len(body), -error, unique) + body
            if operation in FAR:
                self.n_requests += 1
                heapq.heappush(due, (time.monotonic() + delay / 1000, self.n_requests, self.latest + 1, reply))
            else:
                self.send(reply)

    def send(self, reply):
        try:
            os.write(self.fd, reply)
        except OSError as e:
            if e.errno not in (errno.ENOENT, errno.ENODEV):  # who asked has gone
                raise


def mount(mountpoint):
    """Returns the descriptor that the kernel's requests come from."""
    ours, theirs = socket.socketpair()
    subprocess.run(['fusermount3', '-o', 'ro,nosuid,nodev,fsname=far', '--', mountpoint], check=True,
                   env=dict(os.environ, _FUSE_COMMFD=str(theirs.fileno())), pass_fds=[theirs.fileno()])
    return socket.recv_fds(ours, 1, 1)[1][0]


def main():
    parser = argparse.ArgumentParser(description='Mount a folder as if it were far away.')
    parser.add_argument('--delay', type=float, default=50)
    parser.add_argument('--request', type=int, default=128 << 10)
    parser.add_argument('--background', type=int, default=12)
    parser.add_argument('--counts')
    parser.add_argument('folder')
    parser.add_argument('mountpoint')
    parser.add_argument('command', nargs=argparse.REMAINDER)
    args = parser.parse_args()
    fd = mount(args.mountpoint)
    server = os.fork()
    if server == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        far = Far(fd, os.path.realpath(args.folder), args.request, args.background)
        far.serve(args.delay)
        if args.counts:
            with open(args.counts, 'w') as f:
                json.dump({'requests': far.n_requests, 'round_trips': far.latest, 'bytes': far.n_bytes}, f)
                f.write('\n')
        os._exit(0)
    os.close(fd)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        status = subprocess.run(args.command).returncode
    finally:
        subprocess.run(['fusermount3', '-u', '-z', args.mountpoint], check=True)
        os.waitpid(server, 0)
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == '__main__':
    main()
