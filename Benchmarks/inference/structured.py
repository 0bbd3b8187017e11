"""Has a model write documents under schemas, through the gateway, and validates each with jsonschema.

    CAISSON_MODELS=… structured.py CAISSON SCHEMAS.json [GENERATIONS [MODEL [SEED]]]

CAISSON is the program. Every second answer is streamed. An answer that reached its limit of tokens says
so (`length`), is counted apart, and must be valid, too. Needs `jsonschema[format]`.
"""

import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import jsonschema

program, schemas = sys.argv[1], json.load(open(sys.argv[2]))
count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
model = sys.argv[4] if len(sys.argv) > 4 else "local"
first = int(sys.argv[5]) if len(sys.argv) > 5 else 0
home = tempfile.mkdtemp()
environment = dict(os.environ, CAISSON_HOME=home)
key = subprocess.run(
    [program, "gateway", "key", "add", "bench"], env=environment, capture_output=True, text=True,
    check=True).stdout.strip().splitlines()[-1]
os.makedirs(home, exist_ok=True)
config = os.path.join(home, "config")
server = subprocess.Popen(
    [program, "gateway"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
address = None
for line in server.stdout:
    found = re.search(r"listening on (http://\S+)", line)
    if found:
        address = found.group(1)
        break
if not address:
    sys.exit("the gateway did not start")


def ask(number):
    entry = schemas[number % len(schemas)]
    streamed = number // len(schemas) % 2 == 0
    body = {
        "model": model, "stream": streamed, "temperature": 0.9, "seed": number, "max_tokens": 600,
        "messages": [{"role": "user", "content": f"Write an example of: {entry['name']}."}],
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "example", "strict": True, "schema": entry["schema"]}},
    }
    request = urllib.request.Request(
        address + "/v1/chat/completions", json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            data = answer.read().decode()
    except urllib.error.HTTPError as error:
        return entry["name"], streamed, "refused", error.read().decode()[:200]
    text, end = "", None
    if streamed:
        for line in data.splitlines():
            if line.startswith("data: ") and line != "data: [DONE]":
                for choice in json.loads(line[6:])["choices"]:
                    text += choice["delta"].get("content") or ""
                    end = choice.get("finish_reason") or end
    else:
        choice = json.loads(data)["choices"][0]
        text, end = choice["message"]["content"], choice["finish_reason"]
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
        jsonschema.Draft202012Validator(entry["schema"]).validate(value)
    except (ValueError, jsonschema.ValidationError) as error:
        return entry["name"], streamed, "invalid", f"{end} {error} {text}"[:300]
    return entry["name"], streamed, "valid" if end == "stop" else f"valid ({end})", ""


started = time.monotonic()
ends, by_schema, shown = collections.Counter(), collections.Counter(), 0
try:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for name, streamed, end, detail in pool.map(ask, range(first, first + count)):
            ends[end, "streamed" if streamed else "whole"] += 1
            by_schema[name, end] += 1
            if end in ("invalid", "refused") and shown < 10:
                shown += 1
                print(f"{name}: {end}: {detail}")
finally:
    server.terminate()
    server.wait()
print(f"{count} answers under {len(schemas)} schemas in {time.monotonic() - started:.0f} s")
for (end, form), number in sorted(ends.items()):
    print(f"  {end}, {form}: {number}")
for (name, end), number in sorted(by_schema.items()):
    if not end.startswith("valid"):
        print(f"  {name}: {end}: {number}")
