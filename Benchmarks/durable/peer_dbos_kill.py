#!/usr/bin/env python3
"""Kills a process of DBOS at random moments while workflows run, and counts what happened twice.

    peer_dbos_kill.py PYTHON [--kills 100] [--seed 1] [--journal sqlite|postgres]

PYTHON is that of an environment with dbos. The work is that of crash_series.py as far as it can be said in steps:
eight workflows at a time, each of twelve rounds of a question that is paid for, a line appended to a file with a
pause of up to 0.05 s, and a post to a service outside. The process is killed 0.2 s and, on the average, 0.6 more
after it is up.
"""
import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LANES, ROUNDS = 8, 12


def work(url, port, place):
    """The process that is killed."""
    from dbos import DBOS, SetWorkflowID
    DBOS(config={"name": "crash", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False,
                 "application_version": "1", "executor_id": "e"})

    def ask(path):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", b"x"), timeout=20).read()

    @DBOS.step()
    def question(run, turn):
        ask(f"/model/{run}/{turn}")
        return turn

    @DBOS.step()
    def line(run, turn):
        descriptor = os.open(f"{place}/{run}.lines", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        os.write(descriptor, f"{turn}\n".encode())
        os.close(descriptor)
        time.sleep(random.Random(f"{run}{turn}").uniform(0, 0.05))
        return turn

    @DBOS.step()
    def post(run, turn):
        ask(f"/effect/{run}/{turn}")
        return turn

    @DBOS.workflow()
    def flow(run):
        for turn in range(ROUNDS):
            question(run, turn)
            line(run, turn)
            post(run, turn)

    def lane(number):
        counter = f"{place}/lane{number}"
        index = int(open(counter).read()) if os.path.exists(counter) else 0
        while True:
            with SetWorkflowID(f"w{number}-{index}"):
                handle = DBOS.start_workflow(flow, f"w{number}-{index}")
            handle.get_result()
            index += 1
            with open(counter + ".new", "w") as file:
                file.write(str(index))
            os.rename(counter + ".new", counter)

    DBOS.launch()
    print("up", flush=True)
    lanes = [threading.Thread(target=lane, args=(number,)) for number in range(LANES)]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.startswith("/model/"):
            time.sleep(random.uniform(0, 0.05))
        with self.server.lock:
            self.server.seen[self.path] += 1
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Outside(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, address):
        """A caller that was killed is what this is about."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("python")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    outside = Outside(("127.0.0.1", 0), Handler)
    outside.lock, outside.seen = threading.Lock(), collections.Counter()
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    root = tempfile.mkdtemp(prefix="dbos-crash-", dir=os.environ.get("CRASH_DIR"))
    os.chmod(root, 0o755)
    server, url = None, f"sqlite:///{root}/dbos.sqlite"
    if options.journal == "postgres":
        from pgserver import Server
        server = Server(f"{root}/pg")
        server.create("work")
        url = server.url("work", "postgresql+psycopg")
    began, load, kills, ended = time.monotonic(), os.getloadavg(), 0, 0
    with open(f"{root}/log", "ab") as log:
        while kills < options.kills:
            child = subprocess.Popen(
                [options.python, __file__, "run", url, str(outside.server_address[1]), root],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
            child.stdout.readline()
            time.sleep(0.2 + dice.expovariate(1 / 0.6))
            ended += child.poll() is not None
            kills += child.poll() is None
            child.kill()
            child.wait()
    seen = collections.Counter(outside.seen)
    for name in os.listdir(root):
        if name.endswith(".lines"):
            with open(f"{root}/{name}") as file:
                seen.update(f"/line/{name[:-6]}/{turn.strip()}" for turn in file)
    total, twice = collections.Counter(), collections.Counter()
    for path, number in seen.items():
        total[path.split("/")[1]] += 1
        twice[path.split("/")[1]] += number - 1
    print(json.dumps({
        "journal": options.journal, "kills": kills, "ended by itself": ended, "effects": dict(total),
        "repeated": dict(twice), "repeated a kill": round(sum(twice.values()) / kills, 2),
        "seconds": round(time.monotonic() - began, 1), "load": [load, os.getloadavg()]}))
    if server:
        server.stop()
    shutil.rmtree(root)


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        work(*sys.argv[2:5])
    else:
        main()
