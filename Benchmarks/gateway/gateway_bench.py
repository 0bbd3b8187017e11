#!/usr/bin/env python3
"""What the gateway costs a call, beside no gateway, nginx, TensorZero and LiteLLM.

  Benchmarks/gateway/gateway_bench.py [--build DIR] [--peers DIR] [--rounds N] [--secs S]
                                      [--only direct,nginx,...] [--cold N] [--long]

All run at once on one core, the mock upstream and the clients on another; each round takes every
gateway with every load once, in an order drawn anew. Medians of the rounds are printed.

  direct              the clients straight at the mock: the floor
  nginx               a plain reverse proxy, which reads nothing
  TensorZero          its HTTP gateway, observability off
  LiteLLM             its proxy, one worker, with a master key
  caisson             OpenAI's interface on both sides, under a key with a budget
  caisson translated  OpenAI's interface to Anthropic's, under a key with a budget

Processor time a request is the gateway's own, user and system, children included; it holds on a
loaded machine, where latencies do not. What is added is the p50 less that of direct. --cold starts
each so many times; --long sends a million requests and says how memory grew after the first
100,000 (not through LiteLLM, which would need hours).

Needs a C compiler, and what it is to be compared with; what is missing is named and left out:

  apt-get install nginx-light
  for peer in tensorzero litellm; do python3 -m venv /tmp/peers/$peer; done
  /tmp/peers/tensorzero/bin/pip install tensorzero
  /tmp/peers/litellm/bin/pip install 'litellm[proxy]' async-timeout
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time

import kit
import peers

PIECES = 100
LOADS = [("json", 1), ("json", 16), ("json", 64), ("stream", 1), ("stream", 16)]


class Bench:
    """Where everything is."""

    def __init__(self, options, folder):
        self.build, self.peers, self.folder = options.build, options.peers, folder
        self.core, self.upstream = 0, kit.free_port()


class Row:
    """A gateway and its figures."""

    def __init__(self, peer):
        self.peer, self.cold, self.samples = peer, [], {load: [] for load in LOADS}
        self.memory = {}
        self.faults = []

    def send(self, kind, connections, *limits):
        """One load; its figures, and the gateway's processor time a request in microseconds."""
        peer = self.peer
        header = ["-H", peer.header] if peer.header else []
        pid = peer.process.pid if peer.process else None
        before = kit.processor_time(pid) if pid else 0
        figures = kit.load(peer.folder, peer.port, "-P", peer.path, "-c", connections, "-f",
                           peer.body(kind == "stream"), *header, *limits, core=1)
        used = kit.processor_time(pid) - before if pid else 0
        figures["cpu"] = used * 1e6 / max(1, figures["all"])
        if figures["whole"] != figures["all"]:
            self.faults.append(f"{self.peer.name}, {kind} c{connections}: of {figures['all']} "
                               f"requests {figures['whole']} were answered whole: "
                               f"{figures['statuses']}, {figures['bad']} broken off")
        return figures

    def measure(self, load, seconds):
        self.samples[load].append(self.send(*load, "-t", seconds, "-w", 0.3))
        if load == ("json", 64) and self.peer.process:
            self.memory["after"] = kit.resident(self.peer.process.pid)

    def median(self, load, figure):
        return statistics.median(figure(sample) for sample in self.samples[load])


def start(row, times):
    row.peer.prepare()
    if row.peer.command() is None:
        return
    for left in reversed(range(times)):
        row.cold.append(row.peer.start())
        if left:
            row.peer.stop()
    time.sleep(0.5)
    row.memory["idle"] = kit.resident(row.peer.process.pid)


def grow(row):
    """Memory after 100,000 requests, and after a million."""
    pid = row.peer.process.pid
    for name, count in (("100k", 100_000), ("1M", 900_000)):
        row.send("json", 64, "-N", count, "-t", 3600, "-w", 0)
        row.memory[name] = kit.resident(pid)


def table(rows):
    """The figures, one line each."""
    direct = next((row for row in rows if row.peer.name == "direct"), None)
    width = len(rows)
    print("| |" + "".join(f" {row.peer.name} |" for row in rows))
    print("|---|" + "---:|" * width)

    def line(name, value):
        cells = []
        for row in rows:
            try:
                cells.append(value(row) or "–")
            except (KeyError, statistics.StatisticsError):
                cells.append("–")
        print(f"| {name} | " + " | ".join(cells) + " |")

    def is_gateway(row):
        return row.peer.process is not None

    for connections in (1, 16, 64):
        load = ("json", connections)
        line(f"CPU a request, µs, c={connections}",
             lambda row: is_gateway(row) and f"{row.median(load, lambda s: s['cpu']):.0f}")
    one = ("json", 1)
    line("p50, ms, c=1", lambda row: f"{row.median(one, lambda s: s['ms']['p50']):.3f}")
    line("added to direct, ms", lambda row: direct and is_gateway(row) and "{:.3f}".format(
        row.median(one, lambda s: s["ms"]["p50"]) - direct.median(one, lambda s: s["ms"]["p50"])))
    line("least, ms, c=1", lambda row: f"{min(s['ms']['min'] for s in row.samples[one]):.3f}")
    line("p99, ms, c=64",
         lambda row: f"{row.median(('json', 64), lambda s: s['ms']['p99']):.2f}")
    for connections in (1, 16, 64):
        line(f"requests/s, c={connections}",
             lambda row: f"{row.median(('json', connections), lambda s: s['rps']):.0f}")
    for connections in (1, 16):
        load = ("stream", connections)
        line(f"stream of {PIECES} chunks, CPU ms, c={connections}",
             lambda row: is_gateway(row) and f"{row.median(load, lambda s: s['cpu']) / 1e3:.2f}")
    stream = ("stream", 1)
    line("stream, first byte p50, ms, c=1",
         lambda row: f"{row.median(stream, lambda s: s['first_ms']['p50']):.3f}")
    line("streams that stood still for 40 ms, c=1",
         lambda row: "{} of {}".format(sum(s["stalls"] for s in row.samples[stream]),
                                       sum(s["counted"] for s in row.samples[stream])))
    line("memory idle / after c=64, MB",
         lambda row: f"{row.memory['idle']:.1f} / {row.memory['after']:.1f}")
    line("memory after 100,000 / a million, MB",
         lambda row: f"{row.memory['100k']:.1f} / {row.memory['1M']:.1f}")
    for index, name in enumerate(("wall", "CPU")):
        line(f"cold start, {name}, s",
             lambda row: f"{statistics.median(cold[index] for cold in row.cold):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=kit.INSTALLED)
    parser.add_argument("--peers", type=pathlib.Path, default=pathlib.Path("/tmp/peers"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--secs", type=float, default=2)
    parser.add_argument("--only", default=",".join(kind.name for kind in peers.ALL))
    parser.add_argument("--cold", type=int, default=5)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    # What was started is ended, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    names = options.only.split(",")
    unknown = set(names) - {kind.name for kind in peers.ALL}
    if unknown:
        sys.exit(f"gateway_bench.py: nobody is called {', '.join(sorted(unknown))}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-gateway-bench."))
    kit.build(folder)
    bench = Bench(options, folder)
    rows = []
    for kind in peers.ALL:
        peer = kind(bench)
        if peer.name not in names:
            continue
        if missing := peer.missing():
            print(f"{peer.name} is left out: {missing}")
        else:
            rows.append(Row(peer))
    load = os.getloadavg()[0]
    try:
        with kit.Mock(folder, "-n", PIECES, port=bench.upstream, core=1):
            for row in rows:
                start(row, options.cold)
                row.send("json", 8, "-t", 1, "-w", 0)
            for number in range(options.rounds):
                for kind in LOADS:
                    for row in random.sample(rows, len(rows)):
                        row.measure(kind, options.secs)
                print(f"round {number + 1} of {options.rounds}, load {os.getloadavg()[0]:.2f}",
                      file=sys.stderr)
            for row in rows:
                if options.long and row.peer.process and not row.peer.is_slow:
                    grow(row)
            end = os.getloadavg()[0]
            print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} CPUs, load {load:.2f} at the "
                  f"start and {end:.2f} at the end, {options.rounds} rounds of {options.secs:g} s\n")
            table(rows)
    finally:
        for row in rows:
            row.peer.stop()
        shutil.rmtree(folder, ignore_errors=True)
    faults = [fault for row in rows for fault in row.faults]
    for fault in faults:
        print(f"FAULT: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
