"""A server over HTTP that misbehaves at each call of a tool as the path of its address names.

Prints its port, and ends with its standard input. Standard library only.
"""

import http.server
import json
import os
import sys
import threading


class Odd(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/json", **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def result(self, request, result, **headers):
        message = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        # On several lines: a pipe has one for each message.
        self.answer(200, json.dumps(message, indent=1).encode(), **headers)

    def stream(self, *events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write("".join(events).encode())
        self.close_connection = True

    def do_DELETE(self):
        print("deleted", self.headers["Mcp-Session-Id"], file=sys.stderr, flush=True)
        self.answer(200)

    def do_GET(self):
        after = self.headers["Last-Event-ID"]
        if self.path == "/resume" and after:
            number, id = after.split("-")
            text = json.dumps({"content": [{"type": "text", "text": "resumed after " + number}]})
            if number == "1":
                return self.stream(f"id: 2-{id}\ndata:\n\n")
            return self.stream(f'data: {{"jsonrpc":"2.0","id":{id},\ndata: "result":{text}}}\n\n')
        self.answer(405)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        method = request["method"]
        if method == "initialize":
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "odd", "version": "1"}}
            return self.result(request, result, Mcp_Session_Id="session-1")
        if self.headers["Mcp-Session-Id"] != "session-1" or self.headers["MCP-Protocol-Version"] != "2025-06-18":
            return self.answer(400)
        if method == "tools/list":
            return self.result(request, {"tools": [{"name": "a", "inputSchema": {"type": "object"}}]})
        if method != "tools/call":
            return self.answer(202)
        id = request["id"]
        good = json.dumps({"jsonrpc": "2.0", "id": id, "result": {"content": []}})
        match self.path:
            case "/resume":
                self.stream("retry: 10\n", f"id: 1-{id}\ndata:\n\n")
            case "/broken":
                self.stream('data: {"jsonrpc":"2.0"')
            case "/redirect":
                self.answer(307, location="http://127.0.0.1:1/")
            case "/status":
                self.wfile.write(b"HTTP/1.1 42 Odd\r\ncontent-length: 0\r\n\r\n")
            case "/large":
                self.answer(200, b" " * (5 << 20))
            case "/html":
                self.answer(200, b"<html>", kind="text/html")
            case "/lost":
                self.answer(404)
            case "/batch":
                self.answer(200, f"[{good}]".encode())
            case "/other":
                self.answer(200, json.dumps({"jsonrpc": "2.0", "id": 999, "result": {}}).encode())
            case "/accepted":
                self.answer(202)
            case "/login":
                self.answer(401, b"who are you", kind="text/plain")
            case "/double":
                self.answer(200, good.replace('"id"', '"id": 0, "id"').encode())


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
print(server.server_address[1], flush=True)
server.serve_forever()
