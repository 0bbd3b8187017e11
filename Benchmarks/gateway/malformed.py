#!/usr/bin/env python3
"""Whether malformed bodies are refused as each dialect refuses, and never break the gateway.

  Benchmarks/gateway/malformed.py [--build DIR] [--requests 20000] [--seed N] [--only PATH]

Each request is a valid one of its path's dialect that was changed in one to four places: values of
other types, fields left out, given twice, or in another's place, numbers beyond every range, deep
nesting, text that is no UTF-8; or bytes cut off, added, and exchanged. Half of them ask for a model
of their own dialect and half for one of another, so that they are translated; the upstream is a
small one of this program's own, which answers each dialect rightly and refuses nothing.

A violation is

  a status of 500 or more       the upstream never fails, so that is the gateway's own doing
  an error of another shape     than the dialect's, or of another type than application/json
  a success that is none        a body that is no JSON, a stream with an error in it or with no end
  no answer                     within 20 s, or a connection that is closed instead
  what is left                  a gateway that is dead, a request that never ends, money held back,
                                a bill that does not verify

Prints how many requests each path answered with each status, then each violation with the body that
shows it, and exits with 1 if there is any. The same seed gives the same bodies.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import re
import socketserver
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import kit
import malformed_bodies as bodies

PATIENCE = 20
LARGEST = 1 << 20
DOCUMENT = """version: 1
listen: 127.0.0.1:0
providers:
  one: {{ dialect: openai, base: "http://127.0.0.1:{port}/v1", key: none }}
  two: {{ dialect: anthropic, base: "http://127.0.0.1:{port}", key: none }}
  three: {{ dialect: ollama, base: "http://127.0.0.1:{port}", key: none }}
  four: {{ dialect: gemini, base: "http://127.0.0.1:{port}", key: none }}
models:
{models}
translation: {{ unsupported: {unsupported} }}
limits: {{ body: 1MiB }}
"""
MODEL = ("  {name}: {{ provider: {provider}, model: real, context: 10M, max_output: 1000, "
         "input: [text, image, audio], can: [tools, json, streaming, reasoning, embeddings], "
         "price: {{ input: 0.10 USD/M, output: 0.20 USD/M }} }}")
PROVIDERS = {"openai": "one", "anthropic": "two", "ollama": "three", "gemini": "four"}

# MARK: The upstream


def json_lines(*values):
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def events(*values, named=False):
    text = ""
    for value in values:
        name = f"event: {value['type']}\n" if named else ""
        text += name + "data: " + (value if isinstance(value, str) else json.dumps(value)) + "\n\n"
    return text.encode()


def gemini(text):
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]},
                            "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2,
                              "totalTokenCount": 7}}


def openai_answer(path, streams):
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    is_chat = path.endswith("chat/completions")
    kind = "chat.completion" if is_chat else "text_completion"
    head = {"id": "x", "object": kind + (".chunk" if streams else ""), "created": 1,
            "model": "real"}

    def choice(text, reason):
        if not is_chat:
            return [{"index": 0, "text": text, "finish_reason": reason}]
        message = {"role": "assistant", "content": text}
        name = "delta" if streams else "message"
        return [{"index": 0, name: message, "finish_reason": reason}]
    if not streams:
        return head | {"choices": choice("hello", "stop"), "usage": usage}
    return events(head | {"choices": choice("hello", None)},
                  head | {"choices": choice("", "stop")},
                  head | {"choices": [], "usage": usage}, "[DONE]")


def anthropic_answer(streams):
    usage = {"input_tokens": 5, "output_tokens": 2}
    head = {"id": "x", "type": "message", "role": "assistant", "model": "real",
            "stop_sequence": None}
    if not streams:
        return head | {"content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn",
                       "usage": usage}
    return events(
        {"type": "message_start",
         "message": head | {"content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0,
         "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0,
         "delta": {"type": "text_delta", "text": "hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 2}},
        {"type": "message_stop"}, named=True)


def ollama_answer(path, streams):
    def part(text, is_done):
        words = ({"message": {"role": "assistant", "content": text}} if path == "/api/chat"
                 else {"response": text})
        ends = {"done_reason": "stop", "prompt_eval_count": 5, "eval_count": 2} if is_done else {}
        head = {"model": "real", "created_at": "2026-01-01T00:00:00Z", "done": is_done}
        return head | words | ends
    return json_lines(part("hello", False), part("", True)) if streams else part("hello", True)


def upstream_answer(path, request):
    """What a provider answers; a stream as bytes."""
    # Ollama streams unless told not to.
    streams = request.get("stream", path.startswith("/api/")) is True
    inputs = request.get("input")
    count = len(inputs) if isinstance(inputs, list) else 1
    vectors = [[0.1, 0.2, 0.3]] * count
    if path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        return {"object": "list", "model": "real", "data": data,
                "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    if path == "/api/embed":
        return {"model": "real", "embeddings": vectors, "prompt_eval_count": 5}
    if path.endswith("batchEmbedContents"):
        return {"embeddings": [{"values": [0.1, 0.2, 0.3]} for _ in request["requests"]]}
    if ":streamGenerateContent" in path:
        return events(gemini("hello"))
    if ":generateContent" in path:
        return gemini("hello")
    if path == "/v1/messages":
        return anthropic_answer(streams)
    answer = ollama_answer if path.startswith("/api/") else openai_answer
    return answer(path, streams)


class Provider(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while line := self.rfile.readline():
                headers = http.client.parse_headers(self.rfile)
                data = self.rfile.read(int(headers["content-length"]))
                # Numbers as large as these take Python long, and none of them matters.
                request = json.loads(data, parse_int=lambda _: 0, parse_float=lambda _: 0)
                answer = upstream_answer(line.split()[1].decode(), request)
                is_stream = isinstance(answer, bytes)
                kind = "text/event-stream" if is_stream else "application/json"
                answer = answer if is_stream else json.dumps(answer).encode()
                self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: "
                                 f"{len(answer)}\r\n\r\n".encode() + answer)
        except ConnectionError:
            pass


class Providers(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

# MARK: What comes back


def has_shape(family, error):
    match family, error:
        case "openai", {"error": {"message": str(), "type": str(), **rest}}:
            return "param" in rest and "code" in rest
        case "anthropic", {"type": "error", "error": {"message": str(), "type": str()}}: return True
        case "ollama", {"error": str()}: return True
    return False


def stream_problem(kind, answer):
    lines = [line for line in answer.split(b"\n") if line]
    if kind.startswith("application/x-ndjson"):
        parts = [json.loads(line) for line in lines]
        return None if parts and parts[-1].get("done") is True else "a stream has no end"
    names = {line for line in lines if line.startswith(b"event: ")}
    data = [json.loads(x[6:]) for x in lines if x.startswith(b"data: ") and x != b"data: [DONE]"]
    if any(part.get("error") or part.get("type") == "error" for part in data):
        return "a stream has an error in it"
    ends = {b"event: message_stop", b"event: response.completed", b"event: response.incomplete"}
    return None if b"data: [DONE]" in lines or names & ends else "a stream has no end"


def problem(family, status, kind, answer):
    """What is wrong with an answer; None where nothing is."""
    if status >= 500 or status not in range(200, 300) and status < 400:
        return f"status {status}"
    try:
        if status < 300 and not kind.startswith("application/json"):
            return stream_problem(kind, answer)
        value = json.loads(answer)
    except ValueError:
        return "what is said to be JSON is none"
    if kind != "application/json":
        return f"the type is {kind}"
    return None if status < 300 or has_shape(family, value) else "an error of another shape"


class Client:
    """One connection, made anew where it was closed."""

    def __init__(self, port, key):
        self.port, self.key, self.connection = port, key, None

    def ask(self, path, family, data, is_chunked):
        """Status, type and body; or what happened instead."""
        name, value = ("x-api-key", self.key) if family == "anthropic" else \
            ("Authorization", f"Bearer {self.key}")
        headers = {"Content-Type": "application/json", name: value}
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            pieces = iter([data[:100], data[100:]] if len(data) > 100 else [data])
            self.connection.request("POST", path, (x for x in pieces if x) if is_chunked else data,
                                    headers, encode_chunked=is_chunked)
            response = self.connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            return type(error).__name__
        if response.will_close:
            self.connection.close()
            self.connection = None
        return response.status, response.headers.get("content-type", ""), answer

# MARK: The series


def start(folder, build, unsupported, port):
    """The gateway, its port, and a key for it."""
    models = "\n".join(MODEL.format(name=name, provider=of) for name, of in PROVIDERS.items())
    file = folder / "gateway.yaml"
    file.write_text(DOCUMENT.format(port=port, models=models, unsupported=unsupported))
    environment = {**os.environ, "CAISSON_HOME": str(folder)}
    made = subprocess.run([build / "caisson", "gateway", "key", "add", "series", "--budget",
                           "1000000 USD"], env=environment, capture_output=True, text=True,
                          check=True)
    log = folder / "gateway.log"
    process = subprocess.Popen([build / "caisson", "gateway", "--config", file, "--listen",
                                "127.0.0.1:0"], env=environment, stderr=log.open("wb"),
                               stdout=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", log.read_text()):
            return process, int(found[1]), made.stdout.strip(), environment
        time.sleep(0.02)
    raise RuntimeError(f"the gateway does not listen: {log.read_text()}")


def count_reserved(folder):
    journal = next(folder.rglob("journal.sqlite"))
    ledger = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        count = "SELECT count(*) FROM call WHERE state = 'reserved'"
        return ledger.execute(count).fetchone()[0]
    finally:
        ledger.close()


def left(process, folder, build, client, environment):
    """What is wrong with the gateway when all is over."""
    if process.poll() is not None:
        log = (folder / "gateway.log").read_text()[-2000:]
        yield f"the gateway has ended, status {process.returncode}: {log}"
        return
    end = time.monotonic() + 5
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
        connection.request("GET", "/metrics", headers={"x-api-key": client.key})
        page = connection.getresponse().read().decode()
        connection.close()
        if "\ncaisson_requests_active 0\n" in page:
            break
        time.sleep(0.05)
    else:
        yield "requests are under way 5 s after the last one was answered"
    # What was reserved ahead of calls that never came is given back a moment later.
    end = time.monotonic() + 5
    while (reserved := count_reserved(folder)) and time.monotonic() < end:
        time.sleep(0.05)
    if reserved:
        yield f"{reserved} calls are left reserved"
    verified = subprocess.run([build / "caisson", "bill", "--verify"], env=environment,
                              capture_output=True, text=True)
    if verified.returncode:
        yield f"caisson bill --verify: {verified.stdout}{verified.stderr}"
    if kit.stop(process, 40) != 0:
        yield "the gateway did not end well"


def refused_though_valid(client):
    """What is wrong with the requests that all others are made of."""
    for path, (family, valid) in bodies.PATHS.items():
        for model in bodies.MODELS:
            # Anthropic has none.
            if model == "anthropic" and "embed" in path:
                continue
            for streams in [False, True] if "stream" in valid else [False]:
                changes = {"model": model} | ({"stream": True} if streams else {})
                data = bodies.written(bodies.tree(valid | changes)).encode()
                found = client.ask(path, family, data, False)
                if found[0] != 200 or problem(family, *found):
                    yield f"{path} for {model}, {'streamed' if streams else 'whole'}: {found}"


def run(options, folder):
    violations = collections.defaultdict(list)
    counts = collections.Counter()
    chance = random.Random(options.seed)
    paths = [path for path in bodies.PATHS if options.only in (None, path)]
    with Providers(("127.0.0.1", 0), Provider) as providers:
        threading.Thread(target=providers.serve_forever, daemon=True).start()
        process, port, key, environment = start(folder, options.build, options.unsupported,
                                                providers.server_address[1])
        try:
            client = Client(port, key)
            # Where losses are refused, some of them are.
            refused = list(refused_though_valid(client)) if options.unsupported == "drop" else []
            before = kit.resident(process.pid)
            for number in range(options.requests):
                path = paths[number % len(paths)]
                family, valid = bodies.PATHS[path]
                data = bodies.body(valid, chance, LARGEST)
                found = client.ask(path, family, data, chance.random() < 0.1)
                if isinstance(found, str):
                    counts[path, found] += 1
                    violations[path, f"no answer: {found}"].append(data)
                    if process.poll() is not None:
                        break
                    continue
                counts[path, found[0]] += 1
                if what := problem(family, *found):
                    violations[path, what].append(data + b"\n    -> " + found[2][-400:])
            held = kit.resident(process.pid) if process.poll() is None else 0
            for what in refused:
                violations["beforehand", what].append(b"")
            for what in left(process, folder, options.build, client, environment):
                violations["afterwards", what].append(b"")
        finally:
            kit.stop(process)
        providers.shutdown()
    print(f"memory: {before:.0f} MiB before, {held:.0f} MiB after")
    return counts, violations


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=kit.INSTALLED)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=bodies.PATHS, metavar="PATH")
    parser.add_argument("--unsupported", choices=["drop", "refuse"], default="drop",
                        help="what another dialect has no word for; drop by default")
    options = parser.parse_args()
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="caisson-malformed.") as folder:
        counts, violations = run(options, pathlib.Path(folder))
    for path in bodies.PATHS:
        line = ", ".join(f"{status}: {count}" for (of, status), count in
                         sorted(counts.items(), key=str) if of == path)
        if line:
            print(f"{path:28} {line}")
    for (path, what), examples in violations.items():
        print(f"VIOLATION, {len(examples)} times, {path}: {what}")
        for example in examples[:3]:
            print(f"    {example[:1500]!r}")
    total = sum(map(len, violations.values()))
    print(f"{sum(counts.values())} requests, seed {options.seed}: {total} violations")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
