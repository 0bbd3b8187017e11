"""A server of the Model Context Protocol whose tools have an effect each, counted in a file.

    counted.py DIRECTORY

`keyed` knows `caisson.idempotency-key`: what has happened under a key does not happen again. The effect is a
line in DIRECTORY/effects, before and after which some time passes.
"""
import fcntl
import json
import os
import random
import sys
import time

place = sys.argv[1]
TOOLS = ["pure", "keyed", "probed", "opaque"]


def effect(name, run, turn, key):
    time.sleep(random.uniform(0, 0.03))
    with open(f"{place}/lock", "a") as lock, open(f"{place}/effects", "a+") as file:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file.seek(0)
        done = name == "keyed" and any(line.split()[3:4] == [key] for line in file)
        if not done:
            file.write(f"{name} {run} {turn} {key}\n")
            file.flush()
            os.fsync(file.fileno())
    time.sleep(random.uniform(0, 0.03))


def answer(request):
    method, params = request["method"], request.get("params", {})
    if method == "initialize":
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                "serverInfo": {"name": "counted", "version": "1"}}
    if method == "tools/list":
        return {"tools": [{"name": name, "description": f"Has an effect, {name}.",
                           "inputSchema": {"type": "object"}} for name in TOOLS]}
    if method == "tools/call":
        arguments = params["arguments"]
        key = params.get("_meta", {}).get("caisson.idempotency-key", "-")
        effect(params["name"], arguments["run"], arguments["turn"], key)
        return {"content": [{"type": "text", "text": "it has happened"}]}
    return None


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        result = answer(request)
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        reply |= {"result": result} if result is not None else {"error": {"code": -32601, "message": "unknown"}}
        print(json.dumps(reply), flush=True)
