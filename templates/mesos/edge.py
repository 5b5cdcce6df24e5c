#!/usr/bin/env python3
# Keeps HAProxy's configuration as what etcd says of services (registrar.py). Servers that come and go the running HAProxy
# is told by its socket, which takes milliseconds; for anything else it reads its configuration anew. Neither drops a
# connection. Without an answer of etcd everything stays as it is.
# EDGE_PORTS are the ports that services may have, separated by commas; etcdctl finds etcd by its own variables, ETCDCTL_….
import base64
import ipaddress
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time

CONFIG = os.environ.get('EDGE_CONFIG', '/etc/haproxy/haproxy.cfg')
STATUS = os.environ.get('EDGE_STATUS', '/run/edge-watcher.json')
SOCKET = os.environ.get('EDGE_SOCKET', '/run/haproxy/admin.sock')
PORTS = {int(port) for port in os.environ['EDGE_PORTS'].split(',')}
PREFIX = '/bayou/'
CALL_SECONDS = 10
DELETED = 1
# How often it looks without being told.
QUIET_SECONDS = 5
# Each time HAProxy reads its configuration anew a process stays, until the last of its connections has ended.
RELOAD_SECONDS = 1
# Servers that HAProxy was told to use no more; it forgets them when it reads its configuration.
MAX_GONE = 100

NAME = '[a-z0-9._:-]{1,220}'
SERVICE = re.compile(f'services/({NAME})/([A-Za-z0-9_.:-]{{1,300}})')
ROUTE = re.compile(f'routes/({NAME})')
HOST = '[a-z0-9][a-z0-9.-]{0,252}'
TARGET = re.compile(f'(http|tcp) ([0-9]{{1,5}})(?: ({HOST}(?:,{HOST})*))?')

CHECK = 'check inter 2s fall 2 rise 1'
HEAD = f'''global
  log /dev/log local0
  user haproxy
  group haproxy
  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners
  mworker-max-reloads 50
  hard-stop-after 1h
defaults
  log global
  option dontlognull
  option redispatch 1
  retries 3
  timeout connect 3s
  timeout client 5m
  timeout server 5m
  timeout tunnel 1h
  timeout http-request 10s
  timeout http-keep-alive 2s
  default-server {CHECK}
frontend health
  mode http
  bind 127.0.0.1:8404
  monitor-uri /
'''


def log(text):
    print(text, file=sys.stderr, flush=True)


def read():
    """All that etcd says, and as of which of its revisions."""
    command = ['etcdctl', 'get', '--prefix', PREFIX, '--write-out', 'json']
    done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS)
    if done.returncode != 0:
        raise OSError(f'etcd: {done.stderr.strip()[-300:]}')
    answer = json.loads(done.stdout)
    entries = {text_of(pair['key']): text_of(pair.get('value', '')) for pair in answer.get('kvs', [])}
    return entries, answer['header']['revision']


def follow(told, entries, revision):
    """The entries after what the watch tells; None when it is time to look at all of them."""
    try:
        heard = [told.get(timeout=QUIET_SECONDS)]
    except queue.Empty:
        return None
    # What happens together is passed on together.
    time.sleep(0.05)
    while not told.empty():
        heard.append(told.get())
    if None in heard:
        return None
    entries = dict(entries)
    for event in heard:
        pair = event['kv']
        if pair['mod_revision'] <= revision:
            continue
        if event.get('type') == DELETED:
            entries.pop(text_of(pair['key']), None)
        else:
            entries[text_of(pair['key'])] = text_of(pair.get('value', ''))
    return entries


def text_of(encoded):
    return base64.b64decode(encoded).decode(errors='replace')


def is_server(text):
    """HAProxy takes no configuration at all for the sake of one server without an address."""
    host, _, port = text.rpartition(':')
    try:
        return bool(ipaddress.IPv4Address(host)) and 0 < int(port) < 65536
    except ValueError:
        return False


def understand(entries):
    """Servers and routes by service. What has another form is nobody's, and is not passed on."""
    servers, routes = {}, {}
    for key, value in sorted(entries.items()):
        key = key.removeprefix(PREFIX)
        if (found := SERVICE.fullmatch(key)) and is_server(value):
            servers.setdefault(found[1], {})[found[2]] = value
        elif (found := ROUTE.fullmatch(key)) and (target := TARGET.fullmatch(value)):
            routes[found[1]] = (target[1], int(target[2]), target[3].split(',') if target[3] else [])
    return servers, routes


def share_out(routes):
    """Ports with their mode and what leads to which service. Who comes first by name has a port or host name that several
    want; the others are refused."""
    ports, refused = {}, []
    for service, (mode, port, hosts) in sorted(routes.items()):
        frontend = ports.get(port, {'mode': mode, 'hosts': {}, 'default': None})
        taken = [host for host in hosts if host in frontend['hosts']]
        if port not in PORTS:
            refused.append(f'{service}: port {port} is not open')
        elif frontend['mode'] != mode:
            refused.append(f'{service}: port {port} is in mode {frontend["mode"]}')
        elif taken or (not hosts and frontend['default']):
            refused.append(f'{service}: {taken[0] if taken else f"port {port}"} belongs to another')
        else:
            ports[port] = frontend
            frontend['hosts'].update({host: service for host in hosts})
            if not hosts:
                frontend['default'] = service
    return ports, refused


def served(ports):
    """The services that something leads to, with their modes."""
    return {service: frontend['mode'] for frontend in ports.values()
            for service in [*frontend['hosts'].values(), frontend['default']] if service}


def render(servers, ports):
    lines = [HEAD.rstrip()]
    for port, frontend in sorted(ports.items()):
        lines += [f'frontend port-{port}', f'  mode {frontend["mode"]}', f'  bind :{port}']
        if frontend['mode'] == 'http':
            lines += ['  option httplog', '  option forwardfor', '  option idle-close-on-response']
        else:
            lines.append('  option tcplog')
        for host, service in sorted(frontend['hosts'].items()):
            lines.append(f'  use_backend {service} if {{ req.hdr(host),field(1,:),lower -m str {host} }}')
        if frontend['default']:
            lines.append(f'  default_backend {frontend["default"]}')
    for service, mode in sorted(served(ports).items()):
        lines += [f'backend {service}', f'  mode {mode}', '  balance leastconn']
        if mode == 'http':
            # A connection that a server may be about to close is never used for another request.
            lines += ['  option http-server-close', '  http-reuse never']
        lines += [f'  server {task} {address}' for task, address in servers[service].items()]
    return '\n'.join(lines) + '\n'


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise OSError(f'{command[0]}: {done.stderr.strip()[-300:]}')


def prepare(path, text):
    with open(f'{path}.new', 'w') as file:
        file.write(text)


def write(path, text):
    prepare(path, text)
    os.replace(f'{path}.new', path)


def ask(command):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(CALL_SECONDS)
        connection.connect(SOCKET)
        connection.sendall(f'{command}\n'.encode())
        answer = b''
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors='replace').strip()


def tell(command, expected=''):
    answer = ask(command)
    if answer != expected:
        raise OSError(f'HAProxy to "{command}": {answer[:300]}')


def worker():
    """Which of HAProxy's processes listens to commands; None when none does."""
    try:
        found = re.search('^Pid: ([0-9]+)$', ask('show info'), re.MULTILINE)
        return found and found[1]
    except OSError:
        return None


class Edge:
    """What HAProxy has: its configuration, and beside it servers that it was told of since it has read that."""

    def __init__(self):
        # `listens`: whether commands go to the process that has read the configuration.
        self.ports, self.servers, self.known, self.listens = None, {}, {}, False

    def apply(self, servers, ports):
        """Whether anything was to be done."""
        servers = {service: servers.get(service, {}) for service in served(ports)}
        if (servers, ports) == (self.servers, self.ports):
            return False
        text = render(servers, ports)
        if ports == self.ports and self.listens and self.move(servers):
            write(CONFIG, text)
        else:
            self.listens = self.reload(text)
            self.known = {service: dict(of) for service, of in servers.items()}
        self.servers, self.ports = servers, ports
        return True

    def move(self, servers):
        """HAProxy before version 2.5 adds no server; then it reads its configuration."""
        if sum(map(len, self.known.values())) - sum(map(len, self.servers.values())) > MAX_GONE:
            return False
        try:
            for service, after in servers.items():
                self.change(service, self.servers[service], after)
        except OSError as error:
            log(f'reloads: {error}')
            return False
        return True

    def change(self, service, before, after):
        """First who comes, then who goes: who goes answers what he has, and gets nothing more."""
        known = self.known[service]
        for task, address in after.items():
            if before.get(task) == address:
                continue
            name = f'{service}/{task}'
            if task not in known:
                tell(f'add server {name} {address} {CHECK}', 'New server registered.')
                known[task] = address
                tell(f'enable health {name}')
            elif known[task] != address:
                raise OSError(f'{name} has another address')
            tell(f'set server {name} state ready')
        for task in before:
            if task not in after:
                tell(f'set server {service}/{task} state maint')

    def reload(self, text):
        """What HAProxy does not take is not put in the place of what it has. Whether commands go to who has read it."""
        prepare(CONFIG, text)
        run('haproxy', '-c', '-q', '-f', f'{CONFIG}.new')
        os.replace(f'{CONFIG}.new', CONFIG)
        before = worker()
        run('systemctl', 'reload-or-restart', 'haproxy.service')
        time.sleep(RELOAD_SECONDS)
        for _ in range(CALL_SECONDS * 10 if before else 0):
            if worker() not in (None, before):
                return True
            time.sleep(0.1)
        return worker() != before


def watch(told):
    """Puts in every change, and None when some may be missing."""
    command = ['etcdctl', 'watch', '--prefix', PREFIX, '--write-out', 'json']
    while True:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            for line in process.stdout:
                for event in json.loads(line).get('Events') or []:
                    told.put(event)
        except ValueError:
            process.kill()
        process.wait()
        told.put(None)
        time.sleep(1)


def say(**status):
    write(STATUS, json.dumps(status))


def main():
    told, entries, revision, said, edge = queue.Queue(), None, 0, None, Edge()
    threading.Thread(target=watch, args=(told,), daemon=True).start()
    while True:
        problem, refused = [], []
        try:
            if entries is None:
                entries, revision = read()
            servers, routes = understand(entries)
            ports, refused = share_out(routes)
            if edge.apply(servers, ports):
                log(f'HAProxy has {sum(map(len, servers.values()))} servers on {len(ports)} ports')
            say(read_at=int(time.time()), refused=refused)
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            problem, entries = [str(error)], None
        if [*refused, *problem] != said:
            said = [*refused, *problem]
            for text in said:
                log(text)
        followed = follow(told, entries or {}, revision)
        entries = None if problem else followed


if __name__ == '__main__':
    main()
