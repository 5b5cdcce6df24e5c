#!/usr/bin/env python3
"""An application as docs/mesos.md wants it: told to end (SIGTERM) it takes requests for as long as a load balancer may
still send some, then no more, and ends when the last one is answered. `/slow?seconds=4` takes its time.
"""
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LINGER_SECONDS = 3


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        url = urlsplit(self.path)
        time.sleep(float(parse_qs(url.query).get('seconds', ['0'])[0]))
        text = f"{os.environ['MESOS_TASK_ID']} {os.environ.get('ANSWER', '')}\n".encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    # Closing waits for the threads that answer.
    daemon_threads = False
    block_on_close = True


def main():
    server = Server(('', int(os.environ['PORT0'])), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Timer(LINGER_SECONDS, server.shutdown).start())
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == '__main__':
    main()
