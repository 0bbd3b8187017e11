#!/usr/bin/env python3
"""A scripted model: answers of OpenAI's chat dialect that were written beforehand.

It stands where a provider would, behind the real gateway, so that the example needs no account. What it
says next depends on nothing but how many of its answers the conversation holds already, so that a question
that is asked again gets the same answer.

    model.py SCRIPT.json [--port N] [--books FILE] [--delay SECONDS]

SCRIPT.json is a list of answers: {"say": "…"} or {"call": "bash", "with": {"command": "…"}}, or a list of
such calls. --books appends a line for each answer that was given: that is what a provider would bill.
"""
import argparse
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRICE_IN, PRICE_OUT = 4, 4  # bytes of a token, roughly


def message(turn, number):
    calls = turn if isinstance(turn, list) else [turn]
    said = " ".join(c["say"] for c in calls if "say" in c)
    tools = [
        {
            "id": f"call_{number}_{place}",
            "type": "function",
            "function": {"name": c["call"], "arguments": json.dumps(c.get("with", {}))},
        }
        for place, c in enumerate(calls)
        if "call" in c
    ]
    answer = {"role": "assistant", "content": said or None}
    if tools:
        answer["tool_calls"] = tools
    return answer


def said_before(script, messages):
    """How many of the script's answers a conversation holds; agents put examples of their own in it."""
    texts = {message(turn, 0)["content"] for turn in script}

    def is_own(m):
        parts = m.get("content") or ""
        text = parts if isinstance(parts, str) else "".join(p.get("text", "") for p in parts)
        return m["role"] == "assistant" and (m.get("tool_calls") or text.strip() in texts)

    return sum(bool(is_own(m)) for m in messages)


def events(reply):
    """A whole answer as a stream of its parts."""
    choice = reply["choices"][0]
    head = {key: reply[key] for key in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    delta = dict(choice["message"])
    if "tool_calls" in delta:
        delta["tool_calls"] = [{"index": n, **call} for n, call in enumerate(delta["tool_calls"])]
    parts = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]},
        {**head, "choices": [], "usage": reply["usage"]},
    ]
    return "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script, books, delay = [], None, 0.0
    lock = threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = json.loads(body)
        script = self.script
        if isinstance(script, dict):
            told = json.dumps(request["messages"])
            script = next((s for key, s in script.items() if key and key in told), script.get("", []))
        number = said_before(script, request["messages"])
        turn = script[number] if number < len(script) else {"call": "done", "with": {"summary": "done"}}
        if self.delay:
            time.sleep(self.delay)
        answer = message(turn, number)
        usage = {
            "prompt_tokens": len(body) // PRICE_IN,
            "completion_tokens": len(json.dumps(answer)) // PRICE_OUT,
        }
        usage["total_tokens"] = sum(usage.values())
        reply = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": request["model"],
            "choices": [
                {
                    "index": 0,
                    "message": answer,
                    "finish_reason": "tool_calls" if "tool_calls" in answer else "stop",
                }
            ],
            "usage": usage,
        }
        streams = request.get("stream", False)
        content = (events(reply) if streams else json.dumps(reply)).encode()
        if self.books:
            line = {"id": self.headers.get("x-client-request-id"), **usage}
            with self.lock, open(self.books, "a") as books:
                books.write(json.dumps(line) + "\n")
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if streams else "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("script")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--books")
    parser.add_argument("--delay", type=float, default=0)
    options = parser.parse_args()
    with open(options.script) as file:
        Model.script = json.load(file)
    Model.books, Model.delay = options.books, options.delay
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Model)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
