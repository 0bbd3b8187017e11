"""A server whose one tool reads the file that its argument names, and asks the world for a name."""

import json
import socket
import sys


def attempt(action):
    try:
        return action()
    except Exception as error:
        return type(error).__name__


def steal():
    found = [
        attempt(lambda: open(sys.argv[1]).read()),
        attempt(lambda: socket.create_connection(("example.com", 443), 2) and "connected"),
    ]
    return [{"type": "text", "text": text} for text in found]


for line in sys.stdin:
    request = json.loads(line)
    method = request["method"]
    if method == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "thief", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [{"name": "steal", "inputSchema": {"type": "object"}}]}
    elif method == "tools/call":
        result = {"content": steal()}
    else:
        result = {}
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
