"""A small client of ZooKeeper 3.x, and the election that Mesos and its frameworks hold in it.

Only what the stand-ins need of the protocol (zookeeper.jute in ZooKeeper's source): one request at a time, no watches.
"""
import random
import socket
import struct
import threading
import time

CREATE, DELETE, EXISTS, GET, SET, CHILDREN, PING = 1, 2, 3, 4, 5, 8, 11
EPHEMERAL_SEQUENTIAL = 3
NO_NODE, NODE_EXISTS = -101, -110
# All rights (31) for everybody: one entry.
OPEN_ACL = struct.pack('>ii', 1, 31) + b'\0\0\0\5world' + b'\0\0\0\6anyone'


class SessionExpired(Exception):
    """What was made for the session is gone, or will be."""


class NoNode(Exception):
    pass


class NodeExists(Exception):
    pass


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack('>i', len(data)) + data


class ZooKeeper:
    """A session, over whichever of the hosts answers. Calls raise OSError or SessionExpired when there is none."""

    def __init__(self, hosts, session_seconds=10):
        self.hosts = hosts
        self.session_seconds = session_seconds
        self.session, self.password, self.xid = 0, bytes(16), 0
        self.socket = None
        self.heard = time.monotonic()
        self.lock = threading.RLock()
        threading.Thread(target=self._keep_alive, daemon=True).start()

    def create(self, path, data=b'', flags=0):
        """The path that it got. Not asked again when the answer is lost: it may be there."""
        reply = self._call(CREATE, text(path) + text(data) + OPEN_ACL + struct.pack('>i', flags), 1)
        return reply[4:].decode()

    def ensure(self, path):
        parts = path.strip('/').split('/')
        for end in range(1, len(parts) + 1):
            try:
                self.create('/' + '/'.join(parts[:end]))
            except NodeExists:
                pass

    def put(self, path, data):
        try:
            self._call(SET, text(path) + text(data) + struct.pack('>i', -1))
        except NoNode:
            self.ensure(path.rsplit('/', 1)[0])
            try:
                self.create(path, data)
            except NodeExists:
                self.put(path, data)

    def delete(self, path):
        try:
            self._call(DELETE, text(path) + struct.pack('>i', -1))
        except NoNode:
            pass

    def get(self, path):
        """None when there is no such node."""
        try:
            reply = self._call(GET, text(path) + b'\0')
        except NoNode:
            return None
        length = struct.unpack('>i', reply[:4])[0]
        return reply[4:4 + max(length, 0)]

    def children(self, path):
        try:
            reply = self._call(CHILDREN, text(path) + b'\0')
        except NoNode:
            return []
        names, at = [], 4
        for _ in range(struct.unpack('>i', reply[:4])[0]):
            length = struct.unpack('>i', reply[at:at + 4])[0]
            names.append(reply[at + 4:at + 4 + length].decode())
            at += 4 + length
        return names

    def _call(self, operation, payload, attempts=5):
        for attempt in range(attempts):
            try:
                return self._ask(operation, payload)
            except OSError:
                if attempt == attempts - 1:
                    raise
                time.sleep(0.2)

    def _ask(self, operation, payload):
        with self.lock:
            if self.socket is None:
                self._connect()
            self.xid += 1
            xid = -2 if operation == PING else self.xid
            try:
                self._send(struct.pack('>ii', xid, operation) + payload)
                reply = self._receive()
            except OSError:
                self._close()
                raise
            self.heard = time.monotonic()
            error = struct.unpack('>i', reply[12:16])[0]
            if error in (NO_NODE, NODE_EXISTS):
                raise NoNode() if error == NO_NODE else NodeExists()
            if error != 0:
                self._close()
                raise OSError(f'ZooKeeper answers {error}')
            return reply[16:]

    def _connect(self):
        if self.session != 0 and time.monotonic() - self.heard > self.session_seconds:
            raise SessionExpired()
        host, port = random.choice(self.hosts)
        self.socket = socket.create_connection((host, port), timeout=max(1, self.session_seconds / 3))
        try:
            timeout_ms = int(self.session_seconds * 1000)
            self._send(struct.pack('>iqiq', 0, 0, timeout_ms, self.session) + text(self.password) + b'\0')
            reply = self._receive()
        except OSError:
            self._close()
            raise
        _, agreed_ms, session = struct.unpack('>iiq', reply[:16])
        if agreed_ms <= 0:
            self._close()
            raise SessionExpired()
        self.session, self.password = session, reply[20:36]
        self.session_seconds = agreed_ms / 1000
        self.heard = time.monotonic()

    def _send(self, packet):
        self.socket.sendall(struct.pack('>i', len(packet)) + packet)

    def _receive(self):
        return self._read(struct.unpack('>i', self._read(4))[0])

    def _read(self, length):
        data = b''
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise ConnectionError('ZooKeeper closed the connection')
            data += part
        return data

    def _close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _keep_alive(self):
        while True:
            time.sleep(self.session_seconds / 4)
            try:
                if self.session != 0:
                    self._ask(PING, b'')
            except (OSError, SessionExpired):
                pass


class Election:
    """Whoever's node below `path` has the lowest number leads. The nodes go with their sessions."""

    def __init__(self, zookeeper, path, prefix, data):
        self.zookeeper, self.path, self.prefix = zookeeper, path, prefix
        zookeeper.ensure(path)
        self.own = zookeeper.create(f'{path}/{prefix}', data, EPHEMERAL_SEQUENTIAL).rsplit('/', 1)[1]

    def leader(self):
        """Its node's name and data; None when there is none."""
        return leader_of(self.zookeeper, self.path, self.prefix)

    def leads(self):
        found = self.leader()
        return found is not None and found[0] == self.own


def leader_of(zookeeper, path, prefix):
    names = sorted(name for name in zookeeper.children(path) if name.startswith(prefix))
    data = zookeeper.get(f'{path}/{names[0]}') if names else None
    return None if data is None else (names[0], data)


def parse_url(url):
    """`zk://host:port,host:port/path`: the hosts, and the path."""
    if not url.startswith('zk://') or '/' not in url[5:]:
        raise ValueError(f'{url} is no URL such as zk://host:2181/path')
    hosts, path = url[5:].split('/', 1)
    return parse_hosts(hosts), '/' + path


def parse_hosts(hosts):
    pairs = [host.rpartition('@')[2].partition(':') for host in hosts.split(',')]
    return [(name, int(port or 2181)) for name, _, port in pairs]
