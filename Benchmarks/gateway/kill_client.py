"""Clients of the kill series: a process with threads, each asking until it has an answer.

Every request has an Idempotency-Key, and stands in the process's notes before it is sent. Whoever
starts the process again with the same notes has it repeat what was not answered, under the same
key and to the byte the same, before it asks for anything new. Once the file --until is there, it
asks for nothing new.
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import threading
import time

PATH = "/v1/chat/completions"
MODELS = ("gpt-4o-mini", "claude-sonnet-4-5")


def body_of(key, variant):
    body = {"model": MODELS[variant % 2], "max_tokens": 64, "user": key,
            "messages": [{"role": "user", "content": f"Say hello to {key}."}]}
    if variant // 2:
        body["stream"] = True
    return json.dumps(body).encode()


def is_final(status, text):
    """Whether asking again cannot give another answer."""
    if status == 409:
        # Unless the first request under the key is still on its way.
        return b"still being answered" not in text
    return status not in (408, 429, 500, 502, 503, 504, 529)


class Client:
    """One connection, opened anew where it breaks."""

    def __init__(self, port, header):
        self.port, self.header, self.connection = port, header, None

    def ask(self, key, variant):
        """Status, text and whether it came from what is kept; None where it broke off."""
        name, _, value = self.header.partition(": ")
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, name: value}
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
            self.connection.request("POST", PATH, body_of(key, variant), headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            if self.connection:
                self.connection.close()
            self.connection = None
            return None
        if answer.status == 200 and variant // 2 and b"data: [DONE]" not in text:
            # It has its end as HTTP has it, and not its own: an error, or a lie.
            return 200, text, "an error" if b'"error"' in text else "truncated"
        return answer.status, text, answer.getheader("x-caisson-replayed") or ""


class Notes:
    """What was begun and what was answered, on the disk line by line."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.left = {}
        self.begun = 0
        if os.path.exists(path):
            for line in read(path):
                if line["event"] == "begin":
                    self.begun = max(self.begun, line["number"])
                    self.left[line["key"]] = line["variant"]
                else:
                    self.left.pop(line["key"], None)
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **line):
        # From the next line on, should the last one have been cut by the end of the process.
        os.write(self.file, b"\n" + json.dumps(line).encode() + b"\n")

    def next(self, prefix, variant, is_last):
        """What is to be asked: what is left, else something new; nothing at the end."""
        with self.lock:
            if self.left:
                return self.left.popitem()
            if is_last:
                return None
            self.begun += 1
            key = f"{prefix}-{self.begun}"
            self.write(event="begin", key=key, number=self.begun, variant=variant)
            return key, variant


def read(path):
    for line in open(path):
        try:
            yield json.loads(line)
        except ValueError:
            pass


def work(options, notes):
    client = Client(options.port, options.header)
    while request := notes.next(options.prefix, random.randrange(4),
                               os.path.exists(options.until)):
        key, variant = request
        tries, until = 0, time.monotonic() + 120
        while True:
            tries += 1
            answer = client.ask(key, variant)
            if answer and is_final(answer[0], answer[1]):
                break
            if time.monotonic() > until:
                answer = answer or (0, b"no answer", "")
                break
            time.sleep(random.uniform(0.005, 0.03))
        status, text, remark = answer
        notes.write(event="end", key=key, variant=variant, status=status, tries=tries,
                    hash=hashlib.sha256(text).hexdigest(), remark=remark,
                    text="" if status == 200 else text.decode(errors="replace")[:400])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--header", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--notes", required=True)
    parser.add_argument("--until", required=True)
    parser.add_argument("--threads", type=int, default=6)
    options = parser.parse_args()
    notes = Notes(options.notes)
    threads = [threading.Thread(target=work, args=(options, notes))
               for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
