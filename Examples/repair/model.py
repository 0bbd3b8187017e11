#!/usr/bin/env python3
"""A scripted model: answers of OpenAI's chat dialect that were written beforehand.

It stands where a provider would, behind the real gateway, so that the example needs no account. What it
says next depends on nothing but how many answers the conversation holds already, so that a question that
is asked again gets the same answer.

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


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script, books, delay = [], None, 0.0
    lock = threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = json.loads(body)
        number = sum(m["role"] == "assistant" for m in request["messages"])
        script = self.script
        if isinstance(script, dict):
            told = json.dumps(request["messages"])
            script = next((s for key, s in script.items() if key and key in told), script.get("", []))
        turn = script[number] if number < len(script) else {"call": "done", "with": {"summary": "done"}}
        if self.delay:
            time.sleep(self.delay)
        answer = message(turn, number)
        usage = {
            "prompt_tokens": len(body) // PRICE_IN,
            "completion_tokens": len(json.dumps(answer)) // PRICE_OUT,
        }
        usage["total_tokens"] = sum(usage.values())
        reply = json.dumps(
            {
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
        ).encode()
        if self.books:
            line = {"id": self.headers.get("x-client-request-id"), **usage}
            with self.lock, open(self.books, "a") as books:
                books.write(json.dumps(line) + "\n")
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

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
