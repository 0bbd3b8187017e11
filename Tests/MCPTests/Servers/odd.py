"""A server that misbehaves in the way that its argument names. Standard library only."""

import json
import os
import signal
import sys
import time

mode = sys.argv[1]


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(request, result):
    send({"jsonrpc": "2.0", "id": request["id"], "result": result})


def stay():
    while True:
        time.sleep(60)


if mode == "silent":
    stay()
if mode == "immortal":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "loud":
    for _ in range(4000):
        sys.stderr.write("x" * 999 + "\n")
    sys.stderr.write("the end\n")
    sys.stderr.flush()
if mode == "greeting":
    print("Server running on stdio")
if mode == "deaf":
    # Reads two questions, and nothing after them.
    sys.stdin.buffer.raw.readline()
    send({"jsonrpc": "2.0", "id": 1, "result": {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}})
    sys.stdin.buffer.raw.readline()
    send({"jsonrpc": "2.0", "id": 2, "result": {"tools": [{"name": "a", "inputSchema": {}}]}})
    stay()

for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if method == "server/discover":
        send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "no"}})
    elif method == "initialize":
        answer(request, {"protocolVersion": request["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": mode, "version": "1"}})
    elif method == "tools/list":
        answer(request, {"tools": [{"name": "a", "inputSchema": {"type": "object"}}]})
    elif method == "tools/call":
        if mode == "dies":
            os._exit(7)
        if mode == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "half":
            sys.stdout.write('{"jsonrpc":"2.0","id":%d,"resu' % request["id"])
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "some":
            # One call in four is the last.
            if os.urandom(1)[0] < 64:
                os.kill(os.getpid(), signal.SIGKILL)
            answer(request, {"content": []})
            continue
        if mode == "closes":
            os.close(1)
            stay()
        if mode == "batch":
            send([{"jsonrpc": "2.0", "id": request["id"], "result": {"content": []}}])
        elif mode == "double":
            sys.stdout.write('{"jsonrpc":"2.0","id":%d,"id":%d,"result":{"content":[]}}\n' % (request["id"], request["id"]))
            sys.stdout.flush()
        elif mode == "large":
            answer(request, {"content": [{"type": "text", "text": "x" * (5 << 20)}]})
        elif mode == "endless":
            while True:
                sys.stdout.write("{" + "x" * 4096)
        elif mode == "flood":
            for _ in range(20000):
                send({"jsonrpc": "2.0", "id": "p", "method": "ping"})
            answer(request, {"content": []})
        elif mode == "slow":
            pass
        else:
            answer(request, {"content": [{"type": "text", "text": json.dumps(request["params"].get("arguments"))}]})
    elif method == "notifications/cancelled" and mode == "slow":
        sys.stderr.write("cancelled %s\n" % request["params"]["requestId"])
        sys.stderr.flush()

if mode == "immortal":
    stay()
