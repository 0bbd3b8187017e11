#!/usr/bin/env python3
"""Kills the daemon, its workers and its gateway at random moments while assignments are worked on, and
counts what happened twice, what was lost and what was not asked.

    crash_series.py [--kills 2000] [--runs 8] [--seed 1] [--what worker,daemon,gateway] [--caisson PATH]

Everything is real but the model, whose answers are scripted (Examples/repair/model.py's manner: what it
says depends only on how many answers the conversation holds). Each run does, again and again:

  bash      (contained)  appends a line to a file of its workspace
  edit      (probed)     counts a number in a file up by one
  read      (pure)       reads it
  model     (keyed)      each answer is a paid call, and is in the provider's books
  bash      (opaque)     posts to a service outside, through the egress; in every second run

What is counted at the end: lines that are there twice, numbers that were passed over, posts that came more
often than a person said, answers that were billed twice, runs that did not end.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 12


class Outside(ThreadingHTTPServer):
    """The scripted model on one path, the service that counts posts on another."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, delay):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.billed = collections.Counter()
        self.bills = collections.defaultdict(list)
        self.posts = collections.Counter()
        self.delay = delay
        self.service = 0


    def handle_error(self, request, address):
        """A caller that was killed is what this is about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.startswith("/effect/"):
            with self.server.lock:
                self.server.posts[self.path] += 1
            return self.reply(b"{}")
        request = json.loads(body)
        told = next(m["content"] for m in request["messages"] if m["role"] == "user")
        run = told.split()[1]
        number = sum(m["role"] == "assistant" for m in request["messages"])
        time.sleep(random.uniform(0, self.server.delay))
        with self.server.lock:
            self.server.billed[run, number] += 1
            self.server.bills[run, number].append(self.headers.get("x-client-request-id"))
        answer = {"role": "assistant", "content": None, "tool_calls": [call(run, number, self.server.service)]}
        usage = {"prompt_tokens": len(body) // 4, "completion_tokens": 50, "total_tokens": len(body) // 4 + 50}
        choice = {"index": 0, "message": answer, "finish_reason": "tool_calls"}
        self.reply(json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "scripted",
                               "choices": [choice], "usage": usage}).encode())

    def reply(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def call(run, number, service):
    """The tool that is called in answer NUMBER."""
    turn, kind = divmod(number, 4)
    if turn >= ROUNDS:
        name, arguments = "done", {"summary": "done"}
    elif kind == 0:
        pause = random.Random(f"{run}{number}").uniform(0, 0.05)
        name, arguments = "bash", {"command": f"echo {turn} >> lines; sleep {pause:.3f}"}
        if int(run) % 2:
            url = f"http://effects.example:{service}/effect/{run}/{turn}"
            arguments = {"command": f"curl -s -m 20 -d x {url} >/dev/null && echo {turn} >> lines"}
    elif kind == 1:
        name, arguments = "edit", {"path": "count", "old": f"n={turn}\n", "new": f"n={turn + 1}\n"}
    elif kind == 2:
        name, arguments = "read", {"path": "count"}
    else:
        name, arguments = "write", {"path": f"made/{turn}", "content": f"{run} {turn}\n"}
    return {"id": f"c{number}", "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)}}


class Home:
    def __init__(self, program, outside):
        self.program = program
        self.root = Path(tempfile.mkdtemp(prefix="caisson-crash-", dir=os.environ.get("CRASH_DIR")))
        self.home = self.root / "home"
        (self.home / "config").mkdir(parents=True, mode=0o700)
        os.chmod(self.home, 0o700)
        self.port = outside.server_address[1]
        (self.home / "config/gateway.yaml").write_text(
            "version: 1\nlisten: 127.0.0.1:0\n"
            f"providers: {{ p: {{ dialect: openai, base: \"http://127.0.0.1:{self.port}/v1\", key: none }} }}\n"
            "models:\n  m: { provider: p, model: scripted, context: 1000k, max_output: 10000, can: [tools, json], "
            "price: { input: 1.00 USD/M, output: 2.00 USD/M } }\n")
        self.environment = {"CAISSON_HOME": str(self.home), "PATH": os.environ["PATH"], "TERM": "dumb",
                            "SWIFT_BACKTRACE": "enable=no"}
        self.log = open(self.root / "log", "ab")
        self.daemon = None

    def up(self, workers):
        if self.daemon:
            # Dead, or turned away since a command has started one.
            self.daemon.kill()
            self.daemon.wait()
        self.daemon = subprocess.Popen([self.program, "up", "--workers", str(workers)], env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def run(self, *arguments, timeout=120, check=False):
        return subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, check=check)

    def children(self, *names):
        """Processes of this home: workers (children of the daemon), the gateway by its announcement."""
        found = []
        # Also workers of a daemon that was killed, until they have ended by themselves, and a daemon that
        # a command started.
        for entry in Path("/proc").iterdir():
            try:
                if not entry.name.isdigit():
                    continue
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if not words[0].endswith(b"caisson-daemon"):
                    continue
                kind = "worker" if words[1:2] == [b"worker"] else "daemon"
                if kind in names and str(self.home).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        if "gateway" in names:
            try:
                found.append(json.loads((self.home / "runtime/gateway.json").read_text())["pid"])
            except (OSError, ValueError, KeyError):
                pass
        return found

    def rows(self, sql, *arguments):
        with sqlite3.connect(f"file:{self.home}/journal.sqlite?mode=ro", uri=True, timeout=30) as database:
            return database.execute(sql, arguments).fetchall()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=8, help="assignments at a time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--what", default="worker,daemon,gateway")
    parser.add_argument("--every", type=float, default=0.6, help="seconds between kills, on the average")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds of an answer, at most")
    parser.add_argument("--caisson", default=str(ROOT / ".build/debug/caisson"))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    outside = Outside(options.delay)
    outside.service = outside.server_address[1]
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    home = Home(options.caisson, outside)
    home.up(options.workers)
    kinds = options.what.split(",")
    kills = collections.Counter()
    said_again = collections.Counter()
    asked = collections.Counter()
    given = 0
    began = time.monotonic()
    resumes = []

    def assign():
        nonlocal given
        project = home.root / f"p{given}"
        project.mkdir()
        (project / "count").write_text("n=0\n")
        (project / "lines").write_text("")
        policy = home.root / f"p{given}.yaml"
        text = "version: 1\nlimits: { wall: 1h }\n"
        if given % 2:
            text += (f"network:\n  - {{ host: effects.example, ports: [{outside.service}], "
                     "networks: [127.0.0.1/32], addresses: [127.0.0.1] }\n")
        policy.write_text(text)
        done = home.run("assign", f"run {given} goes on", "--in", str(project), "--policy", str(policy),
                        "--model", "m", "--detach", "--json")
        if done.returncode != 0:
            return False
        given += 1
        return True

    def answer():
        try:
            pending = home.rows("SELECT id, assignment, hash, action FROM approval WHERE state = 'pending'")
        except sqlite3.Error:
            return
        for name, assignment, digest, action in pending:
            action = json.loads(action)
            asked[action["kind"]] += 1
            url = next((w for w in json.dumps(action).split() if "/effect/" in w), "")
            path = "/effect/" + url.split("/effect/")[1].split()[0].strip('\\"') if url else None
            choice = dice.choice(["again", "happened", "skip"])
            command = {"again": ["approve", name], "happened": ["approve", name, "--happened"],
                       "skip": ["deny", name]}[choice]
            done = home.run(*command)
            if done.returncode == 0 and choice == "again":
                said_again[path] += 1

    def states():
        try:
            return dict(home.rows("SELECT state, count(*) FROM assignment GROUP BY state"))
        except sqlite3.Error:
            return {}

    time.sleep(1)
    shown = time.monotonic()
    while sum(kills.values()) < options.kills:
        live = sum(n for s, n in states().items() if s in ("queued", "running", "waiting"))
        if live < options.runs:
            assign()
            continue
        answer()
        time.sleep(dice.expovariate(1 / options.every))
        kind = dice.choice(kinds)
        targets = home.children(kind)
        if targets:
            try:
                os.kill(dice.choice(targets), signal.SIGKILL)
                kills[kind] += 1
            except ProcessLookupError:
                pass
        if kind == "daemon":
            home.up(options.workers)
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{sum(kills.values())} kills, {given} runs, {states()}, asked {dict(asked)}", flush=True)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        left = {s: n for s, n in states().items() if s in ("queued", "running", "waiting")}
        if not left:
            break
        answer()
        time.sleep(0.3)
    # Parked runs are resumed once: a person would.
    for (name,) in home.rows("SELECT id FROM assignment WHERE state IN ('parked', 'failed')"):
        print("parked:", name, home.rows("SELECT reason FROM assignment WHERE id = ?", name)[0][0])
        home.run("resume", name)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        answer()
        if not {s: n for s, n in states().items() if s in ("queued", "running", "waiting")}:
            break
        time.sleep(0.3)
    end = states()
    problems = []
    lines_missing = 0
    for number, (name, text) in enumerate(home.rows("SELECT id, text FROM assignment ORDER BY created")):
        run = text.split()[1]
        layer = home.home / "runs" / name / "upper"
        try:
            lines = collections.Counter((layer / "lines").read_text().split())
        except OSError:
            lines = collections.Counter()
        for turn in range(ROUNDS):
            path = f"/effect/{run}/{turn}"
            allowed = 1 + said_again[path]
            if lines[str(turn)] > allowed:
                problems.append(f"run {run}: line {turn} is there {lines[str(turn)]} times")
            lines_missing += lines[str(turn)] == 0
            if outside.posts[path] > allowed:
                problems.append(f"{path} was posted {outside.posts[path]} times, {allowed} allowed")
        count = (layer / "count").read_text() if (layer / "count").exists() else "none"
        if count != f"n={ROUNDS}\n":
            problems.append(f"run {run}: count is {count!r}")
    twice = sum(n - 1 for n in outside.billed.values())
    if twice and "gateway" not in kinds:
        for key, calls in outside.bills.items():
            if len(calls) > 1:
                problems.append(f"run {key[0]}, answer {key[1]} was billed {len(calls)} times: {calls}")
    verified = home.run("audit", "--verify").stdout.strip()
    for pid in home.children("daemon", "worker", "gateway"):
        os.kill(pid, signal.SIGKILL)
    home.daemon.wait()
    print(json.dumps({
        "kills": dict(kills), "runs": given, "ends": end, "seconds": round(time.monotonic() - began, 1),
        "answers billed": sum(outside.billed.values()), "answers billed twice": twice,
        "posts": sum(outside.posts.values()), "said again": sum(said_again.values()), "asked": dict(asked),
        "lines never written (interrupted)": lines_missing, "problems": problems[:50],
        "audit": verified,
    }, indent=1))
    if not options.keep and not problems:
        shutil.rmtree(home.root)
    else:
        print("kept:", home.root)
    sys.exit(1 if problems or set(end) - {"done"} else 0)


if __name__ == "__main__":
    main()
