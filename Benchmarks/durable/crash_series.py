#!/usr/bin/env python3
"""Kills the daemon, its workers and its gateway at random moments while assignments are worked on, and
counts what happened twice, what was lost and what was not asked.

    crash_series.py [--kills 2000] [--runs 8] [--seed 1] [--what worker,daemon,gateway] [--caisson PATH]
                    [--journal postgres] [--tools]

With `--journal postgres` the journal is on a PostgreSQL of the series' own, and `--what` may name `backend`
(a process of it that serves a client; it then begins anew by itself), `postmaster` (its first process) and
`postgres` (all of it); after the last two it is started again within 1.5 s, now and then after 35. With `--tools`
an agent uses tools of a server, too (counted.py), and `--what` may name `server`.

Everything is real but the model, whose answers are scripted (Examples/repair/model.py's manner: what it
says depends only on how many answers the conversation holds). Each run does, again and again:

  bash      (contained)  appends a line to a file of its workspace
  edit      (probed)     counts a number in a file up by one
  read      (pure)       reads it
  model     (keyed)      each answer is a paid call, and is in the provider's books
  bash      (opaque)     posts to a service outside, through the egress; in every second run

  tools     (each class) of a server in a sealed run of its own, with `--tools`

What is counted at the end: lines that are there twice, numbers that were passed over, posts that came more
often than a person said, answers that were billed twice, runs that did not end. Between kills, whenever ten have
been, and at the end: how long assignments are called running whose worker is dead.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crash_home import Home
from crash_tools import CLASSES, Tools
from pgserver import Away

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
        self.rounds = ROUNDS
        self.tools = False

    def call(self, run, number):
        return call(run, number, self.service, self.rounds, self.tools)

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
        arrived = time.monotonic()
        time.sleep(random.uniform(0, self.server.delay))
        with self.server.lock:
            self.server.billed[run, number] += 1
            self.server.bills[run, number].append((arrived, self.headers.get("x-client-request-id")))
        answer = {"role": "assistant", "content": None, "tool_calls": [self.server.call(run, number)]}
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


def call(run, number, service, rounds=ROUNDS, tools=False):
    """The tool that is called in answer NUMBER."""
    turn, kind = divmod(number, 8 if tools else 4)
    if turn >= rounds:
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
    elif kind == 3:
        name, arguments = "write", {"path": f"made/{turn}", "content": f"{run} {turn}\n"}
    else:
        name, arguments = f"counted__{CLASSES[kind - 4]}", {"run": int(run), "turn": turn}
    return {"id": f"c{number}", "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)}}


class Series:
    def __init__(self, options):
        self.options = options
        self.dice = random.Random(options.seed)
        self.outside = Outside(options.delay)
        self.outside.service = self.outside.server_address[1]
        self.outside.rounds, self.outside.tools = options.rounds, options.tools
        threading.Thread(target=self.outside.serve_forever, daemon=True).start()
        self.home = Home(options.caisson, self.outside, postgres=options.journal == "postgres")
        self.tools = Tools(self.home.root) if options.tools else None
        self.kinds = options.what.split(",")
        self.kills = collections.Counter()
        self.gateway_kills = []
        self.asked = collections.Counter()
        self.asked_about = set()
        self.said_again = collections.Counter()
        self.given = 0
        self.acknowledged = set()
        self.settled = []
        self.outages = []
        self.restarting = None
        self.problems = []

    # Work

    def assign(self):
        number, self.given = self.given, self.given + 1
        project = self.home.root / f"p{number}"
        project.mkdir()
        (project / "count").write_text("n=0\n")
        (project / "lines").write_text("")
        policy = self.home.root / f"p{number}.yaml"
        text = "version: 1\nlimits: { wall: 1h }\n"
        if number % 2:
            text += (f"network:\n  - {{ host: effects.example, ports: [{self.outside.service}], "
                     "networks: [127.0.0.1/32], addresses: [127.0.0.1] }\n")
        if self.tools:
            text += self.tools.entry()
        policy.write_text(text)
        done = self.home.run("assign", f"run {number} goes on", "--in", str(project), "--policy", str(policy),
                             "--model", "m", "--detach", "--json")
        if done.returncode == 0:
            self.acknowledged.add(number)
        else:
            self.home.log.write(f"assign {number}: {done.stderr}\n".encode())

    def answer(self):
        """As a person would who has no way to know."""
        try:
            pending = self.home.rows("SELECT id, action FROM approval WHERE state = 'pending'")
        except Away:
            return
        for name, action in pending:
            action = json.loads(action)
            if action["kind"] == "tools":
                self.home.run("approve", name, "--scope", "always")
                continue
            path = self.path(action)
            self.asked[action["kind"], action.get("effect")] += 1
            self.asked_about.add(path)
            choice = self.dice.choice(["again", "happened", "skip"])
            command = {"again": ["approve", name], "happened": ["approve", name, "--happened"],
                       "skip": ["deny", name]}[choice]
            done = self.home.run(*command)
            # One that failed may have been heard all the same.
            if choice == "again" and (done.returncode == 0 or self.is_approved(name)):
                self.said_again[path] += 1

    def is_approved(self, name):
        while True:
            try:
                return self.home.rows(f"SELECT state FROM approval WHERE id = '{name}'") == [["approved"]]
            except Away:
                time.sleep(0.2)

    @staticmethod
    def path(action):
        """What outside the question is about: a post, or a tool's effect."""
        request = action.get("request", {})
        if "tool" in request:
            return f"{request['tool']}/{request['arguments']['run']}/{request['arguments']['turn']}"
        url = next((w for w in json.dumps(action).split() if "/effect/" in w), "")
        return "/effect/" + url.split("/effect/")[1].split()[0].strip('\\"') if url else None

    def open(self):
        """How many assignments are not over; nil where nobody knows."""
        states = self.home.states()
        return sum(n for s, n in states.items() if s in ("queued", "running", "waiting")) if states else None

    # Kills

    def kill(self):
        kind = self.dice.choice(self.kinds)
        if kind in ("backend", "postmaster", "postgres"):
            if self.restarting and self.restarting.is_alive():
                return
            if self.home.server.kill(kind, self.dice):
                self.kills[kind] += 1
                if kind != "backend":
                    pause = 35 if self.dice.random() < 0.01 else self.dice.uniform(0, 1.5)
                    self.restarting = threading.Thread(target=self.bring_back, args=(pause,))
                    self.restarting.start()
            return
        targets = self.home.children(kind)
        if targets:
            try:
                os.kill(self.dice.choice(targets), signal.SIGKILL)
                self.kills[kind] += 1
                if kind == "gateway":
                    self.gateway_kills.append(time.monotonic())
            except ProcessLookupError:
                pass
        if kind == "daemon":
            self.home.up(self.options.workers)

    def bring_back(self, pause):
        began = time.monotonic()
        time.sleep(pause)
        self.home.server.start_again()
        self.outages.append(time.monotonic() - began)

    def settle(self):
        """Lets things be until no dead worker's assignment is called running."""
        if self.restarting:
            self.restarting.join()
        began = time.monotonic()
        while time.monotonic() - began < 60:
            if self.home.keep_up(self.options.workers):
                began = time.monotonic()
            try:
                if not self.home.orphans():
                    break
            except Away:
                began = time.monotonic()
            time.sleep(0.05)
        self.settled.append(time.monotonic() - began)
        if self.settled[-1] > 5:
            self.problems.append(f"after {sum(self.kills.values())} kills an assignment without a worker was "
                                 f"called running for {self.settled[-1]:.1f} s")

    # The whole

    def run(self):
        self.home.up(self.options.workers)
        time.sleep(1)
        shown = time.monotonic()
        checked = 0
        while (count := sum(self.kills.values())) < self.options.kills:
            self.home.keep_up(self.options.workers)
            live = self.open()
            if (live or 0) < self.options.runs and (live is not None or not self.given):
                self.assign()
                continue
            self.answer()
            time.sleep(self.dice.expovariate(1 / self.options.every))
            self.kill()
            if count // 10 > checked:
                checked = count // 10
                self.settle()
            if time.monotonic() - shown > 20:
                shown = time.monotonic()
                print(f"{count} kills, {self.given} runs, {self.home.states()}, asked {dict(self.asked)}", flush=True)
        self.settle()
        self.wait(300)
        # Parked runs are resumed once: a person would.
        for name, reason in self.home.rows(
                "SELECT id, reason FROM assignment WHERE state IN ('parked', 'failed')"):
            print("parked:", name, reason)
            self.home.run("resume", name)
        self.wait(120)

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.open() != 0:
            self.home.keep_up(self.options.workers)
            self.answer()
            time.sleep(0.3)

    def look(self):
        """What must not be."""
        rounds, problems = self.options.rounds, self.problems
        missing = 0
        seen = collections.Counter()
        for name, text in self.home.rows("SELECT id, text FROM assignment ORDER BY created"):
            run = text.split()[1]
            seen[int(run)] += 1
            layer = self.home.home / "runs" / name / "upper"
            try:
                lines = collections.Counter((layer / "lines").read_text().split())
            except OSError:
                lines = collections.Counter()
            for turn in range(rounds):
                path = f"/effect/{run}/{turn}"
                allowed = 1 + self.said_again[path]
                if lines[str(turn)] > allowed:
                    problems.append(f"run {run}: line {turn} is there {lines[str(turn)]} times")
                missing += lines[str(turn)] == 0
                if self.outside.posts[path] > allowed:
                    problems.append(f"{path} was posted {self.outside.posts[path]} times, {allowed} allowed")
            count = (layer / "count").read_text() if (layer / "count").exists() else "none"
            if count != f"n={rounds}\n":
                problems.append(f"run {run}: count is {count!r}")
        problems += [f"run {number} was given, and is lost" for number in self.acknowledged - set(seen)]
        problems += [f"run {number} was given {n} times" for number, n in seen.items() if n > 1]
        for key, calls in self.outside.bills.items():
            for (first, _), (second, _) in zip(calls, calls[1:]):
                # A gateway that was killed meanwhile cannot know what became of the first.
                if not any(first - 0.1 <= moment <= second for moment in self.gateway_kills):
                    problems.append(f"run {key[0]}, answer {key[1]} was billed {len(calls)} times: {calls}")
        tools = {}
        if self.tools:
            found, tools = self.tools.problems(self.home, self.said_again, self.asked_about)
            problems += found
        return missing, tools

    def report(self, began):
        ends = self.home.states()
        missing, tools = self.look()
        chain = self.home.chain()
        if not chain.startswith("intact"):
            self.problems.append(f"the chain is {chain}")
        verified = self.home.run("audit", "--verify").stdout.strip()
        settled, outages = sorted(self.settled), sorted(self.outages)
        print(json.dumps({
            "kills": dict(self.kills), "total": sum(self.kills.values()), "runs": self.given,
            "acknowledged": len(self.acknowledged), "ends": ends, "seconds": round(time.monotonic() - began, 1),
            "answers billed": sum(self.outside.billed.values()),
            "answers billed twice": sum(n - 1 for n in self.outside.billed.values()),
            "posts": sum(self.outside.posts.values()), "said again": sum(self.said_again.values()),
            "asked": {f"{kind} {effect or ''}": n for (kind, effect), n in self.asked.items()},
            "lines never written (interrupted)": missing, "tools": tools,
            "dead workers' assignments called running, seconds": {
                "looks": len(settled), "p50": round(settled[len(settled) // 2], 2), "max": round(settled[-1], 2)},
            "outages of the server": {"number": len(outages), "longest": round(outages[-1], 1) if outages else 0},
            "problems": self.problems[:50], "chain": chain, "audit": verified,
            "load": os.getloadavg(),
        }, indent=1))
        return ends

    def end(self, keeps):
        for pid in self.home.children("daemon", "worker", "gateway"):
            os.kill(pid, signal.SIGKILL)
        self.home.daemon.wait()
        if self.home.server:
            self.home.server.stop()
        if keeps:
            print("kept:", self.home.root)
        else:
            shutil.rmtree(self.home.root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=8, help="assignments at a time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--what", default="worker,daemon,gateway")
    parser.add_argument("--every", type=float, default=0.6, help="seconds between kills, on the average")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds of an answer, at most")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the tools, in each run")
    parser.add_argument("--journal", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--tools", action="store_true", help="with a server's tools")
    parser.add_argument("--caisson", default=str(ROOT / ".build/debug/caisson"))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    print(f"load {os.getloadavg()} at the start", flush=True)
    series = Series(options)
    began = time.monotonic()
    series.run()
    ends = series.report(began)
    series.end(options.keep or bool(series.problems))
    sys.exit(1 if series.problems or set(ends) - {"done"} else 0)


if __name__ == "__main__":
    main()
