#!/usr/bin/env python3
"""Kills the gateway and its clients at random moments, and looks for calls that are paid twice.

  Benchmarks/gateway/kill_series.py [--build DIR] [--kills 1000] [--seed N] [--clients N]
                                    [--victim gateway|client] [--keep]

Clients ask without a pause, each request under an Idempotency-Key, which they repeat until they
have an answer or are told that there will be none (409). Two of three `kill -9` take the gateway,
which is started again at once, and one in five of those before it listens; the others take a
client, whose successor goes on with what its notes say was not answered.

Afterwards:

  a key          was asked for once at the upstream, but for attempts that cost nothing; its client
                 has an answer or a final refusal, and gets the same answer once more if it asks
  a call         that was answered whole is charged to the token what the upstream bills; one whose
                 answer was lost at its ceiling, and `caisson bill` names it; none is left reserved
  the ledger     verifies, and no account was over its limit

Prints what differs, and exits with 1 if anything does.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import books as comparison
import kill_client
import kit

REPEATED = 200
MORE = """budgets:
  team: { amount: 1000.00 USD, per: total }
"""


class Series:
    def __init__(self, folder, options, faults):
        self.folder, self.options, self.faults = folder, options, faults
        self.mock = kit.Mock(folder, "-d", 4, "-n", 10, "-i", 2, "-u", options.seed, "--books",
                             folder / "books")
        self.gateway = kit.Gateway(folder, options.build, self.mock.port, MORE)
        self.clients, self.starts, self.kills = [], [], collections.Counter()
        self.header = None

    # MARK: The kills

    def start_client(self, number):
        return subprocess.Popen(
            [sys.executable, kit.HERE / "kill_client.py", "--port", str(self.gateway.port),
             "--header", self.header, "--prefix", f"k{number}", "--notes",
             self.folder / f"notes-{number}", "--until", self.folder / "end"])

    def start_gateway(self):
        began = time.monotonic()
        self.gateway.start_and_wait(20)
        self.starts.append((time.monotonic() - began) * 1000)

    def look_alive(self):
        """The gateway ends by our hand only. One that did otherwise is started again."""
        status = self.gateway.process.poll()
        if status is not None:
            self.faults.add("the gateway ended by itself", (status, self.gateway.last_words()))
            self.start_gateway()

    def kill_gateway(self):
        self.look_alive()
        self.gateway.process.kill()
        self.gateway.process.wait()
        self.kills["gateway"] += 1
        if random.random() < 0.2:
            self.gateway.start()
            time.sleep(random.uniform(0, 0.1))
            self.gateway.process.kill()
            self.gateway.process.wait()
            self.kills["gateway, starting"] += 1
        self.start_gateway()

    def kill_client(self):
        number = random.randrange(len(self.clients))
        self.look_alive()
        self.clients[number].kill()
        self.clients[number].wait()
        self.clients[number] = self.start_client(number)
        self.kills["client"] += 1

    def run(self):
        self.header = self.gateway.add_key("kill", "--budget", "500.00 USD", "--per", "total",
                                           "--parent", "team")
        with self.mock:
            try:
                self.start_gateway()
                self.clients = [self.start_client(n) for n in range(self.options.clients)]
                time.sleep(0.5)
                next_look = 0
                while self.kills.total() < self.options.kills:
                    time.sleep(random.uniform(0, 0.3))
                    is_gateway = random.random() < 2 / 3
                    if self.options.victim:
                        is_gateway = self.options.victim == "gateway"
                    self.kill_gateway() if is_gateway else self.kill_client()
                    if time.monotonic() > next_look:
                        self.look()
                        next_look = time.monotonic() + 10
                self.drain()
                self.look_alive()
                self.repeat()
                for fault in self.gateway.end():
                    self.faults.add("the gateway did not end well", fault)
            finally:
                for process in [*self.clients, self.gateway.process]:
                    if process and process.poll() is None:
                        process.kill()
                        process.wait()

    def look(self):
        journal = self.gateway.journal()
        comparison.check_limits(journal, self.faults)
        journal.close()
        print(f"{self.kills.total()} kills, load {os.getloadavg()[0]:.2f}", file=sys.stderr)

    def drain(self):
        """Every client has what is left answered."""
        self.look_alive()
        (self.folder / "end").touch()
        for number, client in enumerate(self.clients):
            try:
                client.wait(150)
            except subprocess.TimeoutExpired:
                self.faults.add("a client waits for answers that never come", number)

    # MARK: What is left

    def notes(self):
        """How each key began and ended."""
        begun, ended = {}, {}
        for number in range(self.options.clients):
            for line in kill_client.read(self.folder / f"notes-{number}"):
                (begun if line["event"] == "begin" else ended)[line["key"]] = line
        return begun, ended

    def repeat(self):
        """The same request under the same key once more: the same answer, and nothing is paid."""
        answered = [line for line in self.notes()[1].values()
                    if line["status"] == 200 and not line["remark"].startswith(("an ", "trunc"))]
        time.sleep(0.3)
        before = len(kit.read_lines(self.folder / "books"))
        client = kill_client.Client(self.gateway.port, self.header)
        outcomes = collections.Counter()
        for line in random.sample(answered, min(REPEATED, len(answered))):
            answer = client.ask(line["key"], line["variant"])
            if answer is None:
                self.faults.add("a repeated request was not answered", line)
                continue
            status, text, _ = answer
            outcomes[status] += 1
            if status != 200 or hashlib.sha256(text).hexdigest() != line["hash"]:
                self.faults.add("a repeated request got another answer", (line, status, text[:200]))
        time.sleep(0.3)
        if len(kit.read_lines(self.folder / "books")) != before:
            self.faults.add("a repeated request was paid again", outcomes)
        print(f"{outcomes.total()} answered requests were repeated: {dict(outcomes)}")

    def judge(self):
        begun, ended = self.notes()
        for key in begun.keys() - ended.keys():
            self.faults.add("a request has neither an answer nor a refusal", begun[key])
        for line in ended.values():
            if line["status"] not in (200, 409):
                self.faults.add(f"a request ended with {line['status']}", line)
            if line["remark"] == "truncated":
                self.faults.add("an answer without its end was told as a success", line)
        print(f"{len(begun)} requests: " + ", ".join(
            f"{count} {name}" for name, count in collections.Counter(
                f"{x['status']}{' ' + x['remark'] if x['remark'] not in ('', 'true') else ''}"
                for x in ended.values()).items())
            + f"; {sum(x['tries'] > 1 for x in ended.values())} were repeated, "
            f"{sum(x['remark'] == 'true' for x in ended.values())} answered from what was kept")
        billed = kit.read_lines(self.folder / "books")
        self.judge_keys(billed)
        journal = self.gateway.journal()
        rows = journal.execute(comparison.ROWS).fetchall()
        whole = {key: {"ended": "whole"} for key, line in ended.items()
                 if line["status"] == 200 and line["remark"] in ("", "true")}
        comparison.print_groups(comparison.compare(rows, billed, whole, self.faults))
        comparison.check_limits(journal, self.faults)
        self.judge_unknowns(rows)
        for fault in self.gateway.verify():
            self.faults.add("the ledger does not verify", fault)

    def judge_keys(self, billed):
        """Nothing is paid twice under one key."""
        of_key = collections.defaultdict(list)
        for book in billed:
            of_key[book["user"]].append(book)
        complete = collections.Counter()
        for key, calls in of_key.items():
            paid = [x for x in calls if x["input"] + x["output"]]
            complete[sum(x["state"] == "complete" for x in calls)] += 1
            if sum(x["state"] == "complete" for x in calls) > 1:
                self.faults.add("a key was answered whole twice", calls)
            elif len(paid) > 1:
                self.faults.add("a key was paid for twice", calls)
        print("keys by complete calls at the upstream: " + ", ".join(
            f"{count} with {number}" for number, count in sorted(complete.items())))

    def judge_unknowns(self, rows):
        unknown = {row["id"] for row in rows if row["state"] == "unknown"}
        bill = self.gateway.caisson("bill", "--json")
        told = {call["call"] for call in json.loads(bill.stdout or '{"unknowns":[]}')["unknowns"]}
        for number in unknown ^ told:
            self.faults.add("caisson bill and the ledger differ in what is unknown", number)
        print(f"{len(unknown)} calls are of unknown fate, and named by caisson bill")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=kit.INSTALLED)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--victim", choices=["gateway", "client"])
    parser.add_argument("--keep", action="store_true", help="keep the books, notes and ledger")
    options = parser.parse_args()
    # What was started is ended, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    random.seed(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-kill."))
    kit.build(folder)
    faults = comparison.Faults()
    series = Series(folder, options, faults)
    if not series.gateway.is_there():
        sys.exit(f"kill_series.py: {options.build}/caisson-gateway is missing; build it: ./caisson")
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.2f}, seed "
          f"{options.seed}" + (f", {folder}" if options.keep else ""))
    try:
        series.run()
        starts = sorted(series.starts)
        print(f"kills: {dict(series.kills)}; from start to listening p50 "
              f"{starts[len(starts) // 2]:.0f}, at most {starts[-1]:.0f} ms")
        series.judge()
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    faults.print()
    sys.exit(1 if faults.counts else 0)


if __name__ == "__main__":
    main()
