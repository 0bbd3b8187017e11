"""Servers over HTTP on loopback: prints its port, and ends with its standard input."""

import http.server
import os
import socket
import sys
import threading


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def page():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<html><body><p>This is a page of the test.</p></body></html>"
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    print(server.server_address[1], flush=True)
    server.serve_forever()


threading.Thread(target=end_with_input, daemon=True).start()
{"page": page}[sys.argv[1]]()
