"""What a peer's steps take, in the form of step-bench: one line of JSON a measurement."""
import json
import os
import time


def server_seconds(postmaster):
    """Processor time of a server's processes that are there."""
    total = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                parent = file.read().rsplit(")", 1)[1].split()[1]
            if postmaster in (int(process), int(parent)):
                with open(f"/proc/{process}/schedstat") as file:
                    total += int(file.read().split()[0])
        except OSError:
            pass
    return total / 1e9


class Meter:
    def __init__(self, what, postmaster):
        self.what, self.postmaster, self.times = what, postmaster, []

    def __enter__(self):
        self.server = server_seconds(self.postmaster)
        self.own, self.wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_):
        wall, own = time.perf_counter() - self.wall, time.process_time() - self.own
        server = server_seconds(self.postmaster) - self.server
        times, count = sorted(self.times), len(self.times)
        print(json.dumps({
            "what": self.what, "steps": count, "per_second": count / wall,
            "p50_ms": times[count // 2] * 1e3, "p99_ms": times[int(count * 0.99)] * 1e3,
            "cpu_ms": own / count * 1e3, "server_cpu_ms": server / count * 1e3}), flush=True)
