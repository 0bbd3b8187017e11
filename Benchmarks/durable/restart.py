#!/usr/bin/env python3
"""How long after a daemon with many live runs was killed, workers and all, they go on.

    restart.py [--runs 100] [--caisson PATH]

Each run is in the midst of a command when everything is killed at once. Measured from the start of the next
daemon: until every run has a worker again, and until every run has closed its command as interrupted and has
its next step on record. The model's answers are scripted.
"""
import argparse
import os
import random
import shutil
import signal
import threading
import time

import crash_series as series


def call(run, number, *_):
    if number == 0:
        name, arguments = "bash", {"command": "sleep 600"}
    else:
        name, arguments = "done", {"summary": "done"}
    return {"id": f"c{number}", "type": "function",
            "function": {"name": name, "arguments": series.json.dumps(arguments)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--caisson", default=str(series.ROOT / ".build/debug/caisson"))
    options = parser.parse_args()
    series.call = call
    outside = series.Outside(0.02)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    home = series.Home(options.caisson, outside)
    home.up(options.workers)
    time.sleep(1)
    project = home.root / "project"
    project.mkdir()
    for number in range(options.runs):
        home.run("assign", f"run {number} goes on", "--in", str(project), "--model", "m", "--detach", check=True)
    count = "SELECT count(*) FROM step JOIN entry ON entry.sequence = step.intent WHERE step.status IS NULL " \
            "AND entry.payload LIKE '%sleep 600%'"
    while home.rows(count)[0][0] < options.runs:
        time.sleep(0.2)
    print(f"{options.runs} runs live, load {os.getloadavg()[0]:.1f}", flush=True)
    for pid in home.children("daemon", "worker"):
        os.kill(pid, signal.SIGKILL)
    home.daemon.wait()
    began = time.monotonic()
    home.up(options.workers)
    taken = resumed = None
    while resumed is None:
        now = time.monotonic() - began
        if taken is None and home.rows(
            "SELECT count(*) FROM assignment WHERE epoch >= 2")[0][0] >= options.runs:
            taken = now
        if home.rows("SELECT count(*) FROM assignment WHERE steps >= 4")[0][0] >= options.runs:
            resumed = now
        if now > 120:
            break
        time.sleep(0.02)
    print(f"all taken after {taken} s, all resumed after {resumed} s", flush=True)
    while home.rows("SELECT count(*) FROM assignment WHERE state != 'done'")[0][0]:
        time.sleep(0.2)
    print("all done;", home.run("audit", "--verify").stdout.strip())
    for pid in home.children("daemon", "worker", "gateway"):
        os.kill(pid, signal.SIGKILL)
    home.daemon.wait()
    shutil.rmtree(home.root)


if __name__ == "__main__":
    main()
