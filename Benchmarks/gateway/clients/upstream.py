#!/usr/bin/env python3
"""A provider whose answers are scripted, because no provider can be reached from here.

    upstream.py [--port PORT] [--books FILE] [--scenario FILE] [--seed N] [--record FILE]

It speaks OpenAI's chat completions, responses, completions and embeddings, Anthropic's messages,
Gemini's generateContent, streamGenerateContent and batchEmbedContents, and Ollama's chat, generate
and embed, as JSON and as streams, with tools, pictures and schemas. Requests are read as strictly
as providers read them: a tool's result without its call, thoughts that are not signed, a picture
that is none or a missing max_tokens is refused.

A scenario is a JSON list of turns, each `{"text": …, "calls": [{"name": …, "arguments": {…}}]}`,
given one a request. Without one, whatever is asked for is given: offered tools are called, schemas
filled in, texts repeated. `/healthz` says that it is there; nothing else is served.

What is billed differs from answer to answer, by the seed, and is written to the books: a line of
JSON for each answer, with the request's x-client-request-id, before its last byte is sent.
"""

import argparse
import http.server
import json
import pathlib
import select
import socket
import sys
import threading
import time

import wire.anthropic
import wire.completions
import wire.gemini
import wire.ollama
import wire.openai
import wire.responses
from turns import Answer, Bills, Obliging, Refused, Script, Turn

DIALECTS = {"/v1/chat/completions": wire.openai.Chat(),
            "/v1/completions": wire.completions.Completions(),
            "/v1/embeddings": wire.openai.Embeddings(),
            "/v1/responses": wire.responses.Responses(),
            "/v1/messages": wire.anthropic.Messages(),
            "/api/chat": wire.ollama.Chat(), "/api/generate": wire.ollama.Generate(),
            "/api/embed": wire.ollama.Embed()}
GEMINI = {"generateContent": wire.gemini.Generate(),
          "streamGenerateContent": wire.gemini.Generate(),
          "batchEmbedContents": wire.gemini.Embed()}


class Books:
    """What was billed, a line of JSON for each answer."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1) if path else None
        self.lock = threading.Lock()

    def enter(self, **row):
        with self.lock:
            if self.file:
                self.file.write(json.dumps(row) + "\n")


class Upstream(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port=0, books=None, scenario=None, seed=1, record=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.books, self.bills = Books(books), Bills(seed)
        self.record = Books(record)
        self.scenario = Script([Turn.read(x) for x in scenario]) if scenario else Obliging()
        self.lock, self.answers = threading.Lock(), 0

    @property
    def port(self):
        return self.server_address[1]

    def number(self):
        with self.lock:
            self.answers += 1
            return self.answers

    def handle_error(self, request, client_address):
        """Whoever goes between two requests is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this a delayed acknowledgement holds up the second of two writes.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send(200 if self.path == "/healthz" else 404, {})

    def do_POST(self):
        path = self.path.partition("?")[0]
        dialect = DIALECTS.get(path) or GEMINI.get(path.rpartition(":")[2])
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not dialect:
            return self.send(404, {"error": {"message": f"nothing is at {path}"}})
        try:
            answer = self.answer(dialect, data, path)
        except Refused as refused:
            self.server.record.enter(path=path, refused=refused.message, body=data.decode())
            return self.send(refused.status, dialect.error(refused))
        if answer.asked.stream:
            self.stream(dialect, answer)
        elif self.is_left(answer.turn.pause * 100):
            self.close_connection = True
            self.enter(answer, whole=False)
        else:
            self.enter(answer, whole=not answer.turn.ending)
            self.send(200, dialect.whole(answer), cuts=bool(answer.turn.ending))

    def answer(self, dialect, data, path):
        try:
            body = json.loads(data)
            asked = dialect.read(body, path)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise Refused(400, f"the request is not of this dialect: {error!r}") from error
        self.server.record.enter(path=path, body=body)
        turn = self.server.scenario.turn(asked)
        if turn.status != 200:
            raise Refused(turn.status, turn.text, "scripted_error")
        usage = self.server.bills.usage(len(data), asked, dialect.counted)
        return Answer(self.server.number(), asked, turn, usage)

    def stream(self, dialect, answer):
        self.send_response(200)
        self.send_header("content-type", dialect.stream_type)
        self.send_header("x-request-id", f"req_{answer.number}")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        pieces = list(dialect.stream(answer))
        if answer.turn.ending:
            pieces = pieces[:len(pieces) // 2]
        try:
            for piece in pieces[:-1]:
                self.write(piece)
                time.sleep(answer.turn.pause)
        except ConnectionError:
            self.close_connection = True
            return self.enter(answer, whole=False)
        # The books are written before whoever reads the end can look at them.
        self.enter(answer, whole=not answer.turn.ending)
        self.write(pieces[-1])
        if answer.turn.ending == "cut":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def is_left(self, seconds):
        """Whether the client goes while an answer is not ready yet."""
        if not seconds:
            return False
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def write(self, piece):
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def send(self, status, value, cuts=False):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", "0")
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if cuts else body)
        self.close_connection = self.close_connection or cuts

    def enter(self, answer, whole):
        used = answer.usage
        self.server.books.enter(
            id=self.headers.get("x-client-request-id"), model=answer.asked.model, whole=whole,
            input=used.input, cache_read=used.cached, cache_write=used.written,
            output=used.output - used.reasoning, reasoning=used.reasoning)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--books", type=pathlib.Path)
    parser.add_argument("--scenario", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path, help="where to keep the requests")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    scenario = json.loads(options.scenario.read_text()) if options.scenario else None
    with Upstream(options.port, options.books, scenario, options.seed, options.record) as upstream:
        print(f"http://127.0.0.1:{upstream.port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
