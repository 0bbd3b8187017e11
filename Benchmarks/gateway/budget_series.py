#!/usr/bin/env python3
"""Whether a budget holds, and the bill is right, when upstreams fail and clients leave.

  Benchmarks/gateway/budget_series.py [--build DIR] [--requests 100000] [--seed N] [--keep]

64 clients ask under two keys that draw on one budget, half of them for streams, through OpenAI's
interface and Anthropic's, translated and not; one upstream call in ten fails in one of six ways,
one client in five leaves early. The budget is spent before the end. Each call costs another
number of tokens, at rates that are primes; the upstream keeps books of what it bills.

Afterwards, call by call:

  complete                      charged exactly what the books bill, to the token
  refused                       charged nothing, unless its client left meanwhile
  broken, silent, left by its   charged at least what the books bill, at most what was reserved
  client, without its usage

No account is ever over its limit, by the ledger itself during the series and after it; no answer
that lacks its end is told as a success; of a client that leaves, the upstream knows within 50 ms.
Prints what differs, and exits with 1 if anything does.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import books as comparison
import kit

DEADLINE = 50
DELAY, PIECES, INTERVAL = 3, 20, 2
FAULTS = {"--fail-status": 30, "--reset": 20, "--break": 20, "--silent": 5, "--no-usage": 15,
          "--garbage": 10}
LEAVING = 200
# What a call costs on average where nothing fails, in pico-dollars, of the requests below. Those
# that fail are charged more; so this share of it is spent when about four in five have been made.
AVERAGE = sum(kit.price(model, 120, 25) for model in ("gpt-4o-mini", "claude-sonnet-4-5")) / 2
SHARE = 0.9
MORE = """budgets:
  team: {{ amount: {team:.2f} USD, per: total }}
routing:
  timeouts: {{ first_byte: 1s, idle: 1s, total: 20s }}
  longest_wait: 1s
"""
PATHS = {"one": "/v1/chat/completions", "two": "/v1/messages"}


def bodies(folder, path):
    """Requests to both upstreams, for streams and not, some of them for short answers."""
    files = []
    for model in kit.PROVIDERS:
        if model == "llama3":
            continue
        for is_stream in (False, True):
            for most in (12, 300):
                text = "Say hello, and why. " * (most // 50 + 1)
                body = {"model": model, "max_tokens": most,
                        "messages": [{"role": "user", "content": text}]}
                if path.endswith("messages"):
                    body["metadata"] = {"user_id": "@USER@"}
                else:
                    body["user"] = "@USER@"
                if is_stream:
                    body["stream"] = True
                if is_stream and most == 300 and not path.endswith("messages"):
                    body["stream_options"] = {"include_usage": True}
                file = folder / f"{len(list(folder.glob('*.body')))}.body"
                file.write_text(json.dumps(body))
                files += ["-f", file]
    return files


class Watch(threading.Thread):
    """Looks during the series whether an account is over its limit."""

    def __init__(self, gateway, faults):
        super().__init__(daemon=True)
        self.gateway, self.faults = gateway, faults
        self.looks, self.ends = 0, threading.Event()

    def run(self):
        while not self.ends.wait(0.05):
            try:
                journal = self.gateway.journal()
                comparison.check_limits(journal, self.faults)
                journal.close()
                self.looks += 1
            except sqlite3.OperationalError:
                pass


def ask_all(folder, gateway, keys, options):
    """Both keys' clients at once; what they noted, by the name of the request."""
    processes = []
    for number, (name, header) in enumerate(keys.items()):
        command = kit.load_command(
            folder, gateway.port, "-c", 32, "-t", 36000, "-w", 0, "-N", options.requests // 2, "-P",
            PATHS[name], "-H", header, "-U", f"{name}-", "-D", LEAVING, "-E", 30, "-S",
            options.seed + number, "-L", folder / f"{name}.log", *bodies(folder, PATHS[name]))
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    try:
        for process in processes:
            figures = json.loads(process.communicate()[0])
            told = ("all", "rps", "whole", "refused", "error", "truncated", "cut", "left", "statuses")
            print({key: figures[key] for key in told})
    finally:
        for process in processes:
            kit.stop(process)
    lines = [line for name in keys for line in kit.read_lines(folder / f"{name}.log")]
    return {line["user"]: line for line in lines}


def limits(options):
    """What the budgets hold, in USD: the second key's own is spent first, then the team's."""
    team = max(0.01, options.requests * AVERAGE * SHARE / 1e12)
    return team, team, team * 0.4


def series(folder, options, faults):
    team, one, two = limits(options)
    arguments = [text for name, share in FAULTS.items() for text in (name, str(share))]
    mock = kit.Mock(folder, "-d", DELAY, "-n", PIECES, "-i", INTERVAL, "-u", options.seed, "--books",
                    folder / "books", *arguments)
    gateway = kit.Gateway(folder, options.build, mock.port, MORE.format(team=team))
    if not gateway.is_there():
        sys.exit(f"budget_series.py: {gateway.build}/caisson-gateway is missing; build it: ./caisson")
    keys = {name: gateway.add_key(name, "--budget", f"{budget:.2f} USD", "--per", "total",
                                  "--parent", "team")
            for name, budget in (("one", one), ("two", max(0.01, two)))}
    watch = Watch(gateway, faults)
    with mock:
        try:
            gateway.start_and_wait()
            watch.start()
            began = time.monotonic()
            clients = ask_all(folder, gateway, keys, options)
            seconds = time.monotonic() - began
            peak = kit.resident(gateway.process.pid)
            for fault in gateway.end():
                faults.add("the gateway did not end well", fault)
            watch.ends.set()
            watch.join()
        finally:
            kit.stop(gateway.process)
    print(f"{seconds:.0f} s; the limits were looked at {watch.looks} times; the gateway holds "
          f"{peak:.0f} MB at the end")
    return gateway, clients


def judge(folder, gateway, clients, faults):
    billed = kit.read_lines(folder / "books")
    journal = gateway.journal()
    rows = journal.execute(comparison.ROWS).fetchall()
    comparison.print_groups(comparison.compare(rows, billed, clients, faults))
    comparison.compare_clients(clients, billed, faults)
    left = comparison.check_limits(journal, faults)
    print("left of the budgets: " + ", ".join(f"{name} {value / 1e12:.6f} USD"
                                              for name, value in left.items()))
    refused = sum(client["status"] in (402, 429) for client in clients.values())
    if not refused:
        faults.add("the budget was not spent: ask for more requests", left)
    times = comparison.leaving_times(clients, billed, faults, DEADLINE)
    if times:
        print(f"{len(times)} clients left calls under way; the upstream knew after p50 "
              f"{times[len(times) // 2]:.2f}, p99 {times[int(len(times) * 0.99)]:.2f}, at most "
              f"{times[-1]:.2f} ms")
    else:
        faults.add("no client left while the upstream was at work", len(clients))
    for fault in gateway.verify():
        faults.add("the ledger does not verify", fault)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=kit.INSTALLED)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--keep", action="store_true", help="keep the books and the ledger")
    options = parser.parse_args()
    # What was started is ended, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-budget."))
    kit.build(folder)
    faults = comparison.Faults()
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.2f}, "
          f"{options.requests} requests, seed {options.seed}" + (f", {folder}" if options.keep else ""))
    try:
        gateway, clients = series(folder, options, faults)
        judge(folder, gateway, clients, faults)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    faults.print()
    sys.exit(1 if faults.counts else 0)


if __name__ == "__main__":
    main()
