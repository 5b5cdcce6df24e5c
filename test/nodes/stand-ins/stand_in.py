"""What the stand-ins share: flags as the real programs take them, JSON over HTTP, and who leads the Mesos masters."""
import http.client
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from zookeeper import leader_of

MASTER_NODE = 'json.info_'
CALL_SECONDS = 5


def read_flags(arguments, known, required, environment_prefix, boolean_prefixes):
    """Flags by name, from `--name=value`, `--name value` and the environment. Ends the program on one that the real one
    does not have, or when one that it needs is missing: `known` are the documented names."""
    names = set(known.split())
    flags = {name: os.environ[key] for name in names if (key := environment_prefix + name.upper()) in os.environ}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, has_value, value = argument[2:].partition('=')
        if not argument.startswith('--'):
            end(f'{argument} is no flag')
        bare = next((name[len(prefix):] for prefix in boolean_prefixes if name.startswith(prefix)), '')
        if name not in names and bare in names:
            flags[bare] = 'false'
        elif name not in names:
            end(f"Failed to load unknown flag '{name}'")
        elif has_value:
            flags[name] = value
        else:
            flags[name] = rest.pop(0) if rest and not rest[0].startswith('--') else 'true'
    missing = [name for name in required if name not in flags]
    if missing:
        end(f"Missing required flag '{missing[0]}'")
    return flags


def end(message):
    print(message, file=sys.stderr, flush=True)
    os._exit(1)


def log(message):
    print(message, file=sys.stderr, flush=True)


def seconds_of(duration):
    """As Mesos writes them: `15secs`, `500ms`, `10mins`."""
    number, unit = re.fullmatch(r'([\d.]+)(ns|us|ms|secs|mins|hrs|days|weeks)', duration).groups()
    units = {'ns': 1e-9, 'us': 1e-6, 'ms': 1e-3, 'secs': 1, 'mins': 60, 'hrs': 3600, 'days': 86400, 'weeks': 604800}
    return float(number) * units[unit]


def timestamp(seconds=None):
    moment = time.time() if seconds is None else seconds
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(moment)) + f'.{int(moment % 1 * 1000):03}Z'


class Answer(Exception):
    """Ends a request with this status and body: an object for JSON, else a text."""

    def __init__(self, status, body='', headers=()):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers)


class Request:
    def __init__(self, handler):
        url = urlsplit(handler.path)
        self.method, self.target, self.path = handler.command, handler.path, unquote(url.path)
        self.query = parse_qs(url.query, keep_blank_values=True)
        self.headers, self.handler = handler.headers, handler
        self.body = handler.rfile.read(int(handler.headers.get('Content-Length') or 0))

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Answer(400, {'message': 'Invalid JSON'}) from None

    def flag(self, name):
        return self.query.get(name, [''])[0] == 'true'


def serve(address, port, routes, before=None):
    """Routes are (method, pattern of the path, function): it takes the request and the pattern's groups and returns what
    is answered with 200. `before` sees each request first."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def handle_any(self):
            request = Request(self)
            try:
                if before is not None:
                    before(request)
                raise Answer(200, route(routes, request))
            except Answer as answer:
                self.reply(answer)

        def reply(self, answer):
            is_text = isinstance(answer.body, str)
            # Without blanks, as the real ones write it.
            data = answer.body.encode() if is_text else json.dumps(answer.body, separators=(',', ':')).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if 'Content-Type' not in answer.headers:
                self.send_header('Content-Type', 'text/plain' if is_text else 'application/json')
            self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            if self.command != 'HEAD':
                self.wfile.write(data)

        def log_message(self, *_):
            pass

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server((address, int(port)), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def route(routes, request):
    allowed = False
    for method, pattern, function in routes:
        match = re.fullmatch(pattern, request.path)
        if match is None:
            continue
        allowed = True
        if request.method == method or (request.method == 'HEAD' and method == 'GET'):
            return function(request, *match.groups())
    raise Answer(405 if allowed else 404, '')


def call(method, host_port, path, body=None, seconds=CALL_SECONDS):
    """The answer's JSON. Raises OSError when there is none, or none with a 2xx."""
    connection = http.client.HTTPConnection(host_port, timeout=seconds)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {'Content-Type': 'application/json'})
        response = connection.getresponse()
        text = response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        raise OSError(f'{method} {path}: {response.status} {text[:200]!r}')
    return json.loads(text) if text else None


def leading_master(zookeeper, path):
    """`host:port` of the leading Mesos master; None when there is none."""
    found = leader_of(zookeeper, path, MASTER_NODE)
    if found is None:
        return None
    address = json.loads(found[1])['address']
    return f"{address['ip']}:{address['port']}"
